# SPDX-License-Identifier: Apache-2.0
"""The text form: one spelling for any bytes, and a claim that no later version escapes."""

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.envelope import PREFIX, from_text, is_sealed_text, to_ascii, to_text
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
