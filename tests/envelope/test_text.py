# SPDX-License-Identifier: Apache-2.0
"""The text form: one spelling for any bytes, and a claim that no later version escapes."""

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.envelope import (
    PREFIX,
    edk_header,
    from_ascii,
    from_text,
    is_sealed_text,
    parse,
    parse_text,
    to_ascii,
    to_text,
)
from sidecar.envelope.format import lookup_header
from sidecar.envelope.text import MAX_TEXT_LENGTH
from sidecar.errors import Malformed
from tests.envelope.strategies import MODEST

BASE64URL = string.ascii_letters + string.digits + "-_"


@MODEST
@given(st.binary(max_size=300))
def test_any_bytes_come_back(data):
    text = to_text(data)
    assert text == PREFIX + base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert to_ascii(data) == text.encode()
    assert is_sealed_text(text)
    assert is_sealed_text(text.encode())
    assert from_text(text) == data


@MODEST
@given(st.one_of(st.text(BASE64URL, max_size=9), st.text(BASE64URL + "+/= \n\x00é", max_size=9)))
def test_whatever_parses_encodes_to_itself(encoded):
    try:
        data = from_text(PREFIX + encoded)
    except Malformed:
        return
    assert to_text(data) == PREFIX + encoded


headers = st.one_of(
    st.builds(edk_header, st.sampled_from([1, 2]), st.binary(min_size=1, max_size=9)),
    st.builds(lookup_header, st.just(3), st.binary(min_size=8, max_size=8)),
    st.binary(max_size=12),
)


@MODEST
@given(headers, st.integers(0, 100), st.integers(0, 160), st.sampled_from(["", "A", "=", "+", "é"]))
def test_a_text_is_parsed_as_its_bytes_are(header, body, length, end):
    text = (to_text(header + bytes(body))[:length] + end).encode()
    try:
        expected = parse(from_ascii(text))
    except Malformed:
        expected = None
    for _ in range(2):  # read for the first time, and known by its start
        try:
            assert parse_text(text) == expected
        except Malformed:
            assert expected is None


@pytest.mark.parametrize("length", range(1, 7))
def test_a_start_that_is_known_says_nothing_of_the_rest(length):
    """Whatever was read before: another key, a text that is cut, one that is spelled otherwise."""
    text = to_ascii(edk_header(1, b"k" * length) + bytes(80))
    assert parse_text(text).key == b"k" * length
    other = to_ascii(edk_header(1, b"k" * (length - 1) + b"j") + bytes(80))
    assert parse_text(other).key == b"k" * (length - 1) + b"j"
    for stop in range(len(text) - 16):
        with pytest.raises(Malformed):
            parse_text(text[:stop])
    for at in range(len(text)):
        with pytest.raises(Malformed):
            parse_text(text[:at] + b"=" + text[at + 1 :])


@pytest.mark.parametrize("length", [1, 2])
def test_each_short_group_has_exactly_one_spelling(length):
    """RFC 4648 section 3.5: all last characters tried, one in 16 or in 4 is right."""
    spellings = set()
    for last in BASE64URL:
        try:
            spellings.add(from_text(PREFIX + "A" * length + last))
        except Malformed:
            continue
    assert len(spellings) == {1: 4, 2: 16}[length]


@pytest.mark.parametrize("text", ["enc:1:AQ", "enc:2:", "enc:10:x", "enc:1:not base64!", "enc:01:"])
def test_a_claim_is_a_claim_in_any_version(text):
    assert is_sealed_text(text)
    assert is_sealed_text(text.encode())


@pytest.mark.parametrize("text", ["", "enc:", "enc:1", "enc::AQ", "ENC:1:AQ", " enc:1:AQ", "x"])
def test_other_text_claims_nothing(text):
    assert not is_sealed_text(text)
    assert not is_sealed_text(text.encode())


@pytest.mark.parametrize("character", ["\u0661", "\uff11", "\u00b2"])
def test_digits_of_other_scripts_claim_nothing(character):
    assert not is_sealed_text(f"enc:{character}:AQ")


def test_a_text_is_bounded_before_it_is_decoded():
    with pytest.raises(Malformed, match=str(MAX_TEXT_LENGTH)):
        from_text(PREFIX + "A" * MAX_TEXT_LENGTH)
    with pytest.raises(Malformed, match=str(MAX_TEXT_LENGTH)):
        parse_text(b"enc:1:" + b"A" * MAX_TEXT_LENGTH)
