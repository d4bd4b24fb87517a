# SPDX-License-Identifier: Apache-2.0
"""Digits become other digits in the same shape, differently at each place, and come back."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sidecar.envelope import protect, reveal
from sidecar.errors import CannotOpen, Malformed
from tests.envelope.strategies import CONTEXT, KEY, MODEST, contexts, keys
from tests.vectors import independent

CARD = "4111 1111 1111 1111"
texts = st.text("0123456789 ()+./-", min_size=6, max_size=60)


@MODEST
@given(keys, contexts, texts, st.integers(0, 8))
def test_digits_come_back_and_everything_else_stays(key, place, text, keep_last):
    digits = re.sub("[^0-9]", "", text)
    assume(len(digits) - keep_last >= 6)
    context = place.encode()
    protected = protect(key, context, text, keep_last)
    assert re.sub("[0-9]", "#", protected) == re.sub("[0-9]", "#", text)
    kept = len(digits) - keep_last
    assert re.sub("[^0-9]", "", protected)[kept:] == digits[kept:]
    assert protected == independent.protect(key, context, text, keep_last)
    assert reveal(key, context, protected, keep_last) == text
    assert independent.reveal(key, context, protected, keep_last) == text


def test_no_two_values_meet():
    """A permutation: a thousand neighbours go to a thousand places."""
    neighbours = [f"{number:06d}" for number in range(1000)]
    assert len({protect(KEY, CONTEXT, text) for text in neighbours}) == 1000


def test_place_key_and_kept_digits_each_change_the_replacement():
    one = protect(KEY, CONTEXT, CARD, 4)
    assert one != CARD
    others = (
        protect(bytes(32), CONTEXT, CARD, 4),
        protect(KEY, CONTEXT + b"\x00", CARD, 4),
        protect(KEY, CONTEXT, CARD[:-1] + "2", 4),
    )
    assert len({one[:-4], *(other[:-4] for other in others)}) == 4


def test_another_place_reveals_other_digits_without_an_error():
    """What FORMAT.md warns of: there is no authentication here."""
    wrong = reveal(KEY, CONTEXT + b"\x00", protect(KEY, CONTEXT, CARD, 4), 4)
    assert wrong != CARD
    assert re.fullmatch(r"\d{4} \d{4} \d{4} 1111", wrong)


@pytest.mark.parametrize(
    ("text", "keep_last"),
    [("12345", 0), ("123456789", 4), ("", 0), ("1" * 257, 0), ("12345x", 0), ("1234567\n", 0)],
)
def test_what_cannot_be_replaced_is_refused_both_ways(text, keep_last):
    with pytest.raises(Malformed) as refusal:
        protect(KEY, CONTEXT, text, keep_last)
    assert not text or text not in refusal.value.why
    with pytest.raises(CannotOpen):
        reveal(KEY, CONTEXT, text, keep_last)


@pytest.mark.parametrize("digit", ["\u0661", "\uff11", "\u0967", "\u00b2"])
def test_digits_of_other_scripts_are_no_digits(digit):
    with pytest.raises(Malformed):
        protect(KEY, CONTEXT, "123456" + digit)


@pytest.mark.parametrize("key", [b"", KEY[:-1], KEY + b"\x00"])
def test_a_key_of_another_length_is_refused(key):
    with pytest.raises(CannotOpen):
        protect(key, CONTEXT, CARD)
