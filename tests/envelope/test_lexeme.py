# SPDX-License-Identifier: Apache-2.0
"""Lexemes come back byte for byte, and nothing that is not one value is sealed or handed out."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sidecar.envelope import plaintext_to_lexeme, value_to_plaintext
from sidecar.errors import CannotOpen, Malformed
from tests.envelope.strategies import MODEST
from tests.vectors import independent

numbers = st.one_of(
    st.integers().map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.from_regex(r"\A-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,9})?([eE][+-]?[0-9]{1,4})?\Z"),
)
values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)
spellings = st.builds(
    lambda value, ascii_only, indent: json.dumps(value, ensure_ascii=ascii_only, indent=indent),
    values,
    st.booleans(),
    st.sampled_from([None, 0, 2, "\t"]),
)
# Without "d" no escape is half a surrogate pair, which the two readers may well treat differently.
noise = st.text('[]{},:"\\/u0019.-+eEntrufals \t\n\x00\x1f\u00e9', max_size=12)


@MODEST
@given(st.one_of(numbers, spellings))
def test_any_spelling_comes_back(lexeme):
    plaintext = value_to_plaintext(lexeme.encode())
    assert plaintext == independent.value_to_plaintext(lexeme.encode())
    assert plaintext_to_lexeme(plaintext) == lexeme.encode()


@MODEST
@given(st.one_of(noise, spellings.flatmap(lambda s: st.builds(s.__add__, noise))))
@example("[" * 100_000)
@example("[" * 100_000 + "]" * 100_000)
def test_both_implementations_accept_the_same(text):
    lexeme = text.encode()
    if lexeme.count(b"[") > 1000:  # deeper than any reader goes: refused, not crashed
        with pytest.raises(Malformed):
            value_to_plaintext(lexeme)
        return
    try:
        expected = independent.value_to_plaintext(lexeme)
    except independent.MalformedError:
        with pytest.raises(Malformed):
            value_to_plaintext(lexeme)
    else:
        assert value_to_plaintext(lexeme) == expected


@MODEST
@given(st.binary(max_size=20))
def test_whatever_is_handed_out_is_one_value_of_its_tag(plaintext):
    try:
        lexeme = plaintext_to_lexeme(plaintext)
    except CannotOpen:
        return
    assert value_to_plaintext(lexeme) == plaintext
    json.loads(lexeme)


@pytest.mark.parametrize(
    "inside",
    [
        b'\x04"a","admin":true,"b":"c"',
        b"\x031,2",
        b"\x031}",
        b"\x06{},{}",
        b"\x05[1],[2]",
        b"\x02true ",
        b'\x04"a\n"',
        b'\x04"\xff"',
        b'\x05["\xff"]',
        b'\x06{"\xc3":1}',
    ],
)
def test_an_opened_value_cannot_leave_its_place_in_the_document(inside):
    with pytest.raises(CannotOpen):
        plaintext_to_lexeme(inside)


@pytest.mark.parametrize("lexeme", [b'"\\ud800"', b'"\\udc00\\ud800"'])
def test_a_string_may_hold_an_escaped_half_of_a_pair(lexeme):
    assert plaintext_to_lexeme(value_to_plaintext(lexeme)) == lexeme
    with pytest.raises(Malformed):
        value_to_plaintext(b"[" + lexeme + b"]")


@pytest.mark.parametrize(
    "lexeme", [b"1" * 200_000, b'"' + b"\\" * 200_001 + b'"', b'"' + b"x" * 200_000]
)
def test_a_long_value_is_read_once(lexeme):
    """No input makes the readers backtrack: the test ends."""
    if lexeme.startswith(b"1"):
        assert value_to_plaintext(lexeme) == b"\x03" + lexeme
    else:
        with pytest.raises(Malformed):
            value_to_plaintext(lexeme)


def test_a_refusal_repeats_nothing_of_the_value():
    with pytest.raises(Malformed) as refusal:
        value_to_plaintext(b"078-05-1120")
    assert "078" not in refusal.value.why
