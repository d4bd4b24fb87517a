# SPDX-License-Identifier: Apache-2.0
"""Contexts: two places never have the same bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.envelope import Context
from sidecar.envelope.context import DOMAIN, MAX_MEMBER_LENGTH
from sidecar.errors import Malformed
from tests.envelope.strategies import MODEST, contexts

framing = st.text("\x00\x01\x02ab", max_size=4)
tricky = st.builds(Context, framing, framing, framing, framing, framing)


def decode(data: bytes) -> Context:
    assert data.startswith(DOMAIN)
    rest, members = data[len(DOMAIN) :], []
    while rest:
        length = int.from_bytes(rest[:2])
        members.append(rest[2 : 2 + length].decode())
        rest = rest[2 + length :]
    return Context(*members)


@MODEST
@given(st.one_of(contexts, tricky))
def test_the_bytes_say_each_member(place):
    assert decode(place.encode()) == place


@MODEST
@given(tricky, tricky)
def test_names_cannot_be_chosen_so_that_two_places_meet(place, other):
    assert (place.encode() == other.encode()) == (place == other)


def test_two_spellings_of_a_letter_are_two_places():
    assert Context("s", "c", "é").encode() != Context("s", "c", "e\u0301").encode()


@pytest.mark.parametrize("at", range(5))
@pytest.mark.parametrize(
    ("member", "why"),
    [("x" * (MAX_MEMBER_LENGTH + 1), "passes 4096 bytes"), ("\ud800", "not Unicode text")],
)
def test_a_member_that_has_no_spelling_is_refused_without_being_repeated(at, member, why):
    members = ["s"] * 5
    members[at] = member
    with pytest.raises(Malformed, match=why) as refusal:
        Context(*members).encode()
    assert member not in refusal.value.why


@pytest.mark.parametrize("at", range(5))
def test_the_longest_member_is_allowed(at):
    members = ["s"] * 5
    members[at] = "x" * MAX_MEMBER_LENGTH
    assert decode(Context(*members).encode()) == Context(*members)
