# SPDX-License-Identifier: Apache-2.0
"""The frame: one spelling for each envelope, bounded before it is believed."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.envelope import (
    MAX_EDK_LENGTH,
    MAX_ENVELOPE_LENGTH,
    Envelope,
    KeyKind,
    edk_header,
    lookup_key_id,
    parse,
)
from sidecar.envelope.format import check_length, lookup_header
from sidecar.errors import Malformed, TooLarge
from tests.envelope.strategies import EDK, MODEST, chunked_suites, edks, lengths

BODY = bytes(56 + 16)

near_envelopes = st.builds(
    lambda frame, length, rest: bytes(frame) + length.to_bytes(2) + rest,
    st.tuples(st.sampled_from([0, 1, 2]), st.integers(0, 4), st.integers(0, 3)),
    st.one_of(st.integers(0, 40), st.integers(0, 65535)),
    st.binary(max_size=200),
)


@MODEST
@given(st.one_of(st.binary(max_size=200), near_envelopes))
def test_whatever_parses_encodes_to_itself(data):
    try:
        envelope = parse(data)
    except Malformed:
        return
    assert envelope.encode() == data


@MODEST
@given(chunked_suites, edks, lengths)
def test_a_frame_comes_back_part_by_part(suite, edk, length):
    body = bytes(56) + bytes(length + (length // 16384 + 1) * 16)
    envelope = parse(edk_header(suite.id, edk) + body)
    assert envelope == Envelope(suite.id, KeyKind.EDK, edk, memoryview(body))


@MODEST
@given(st.binary(min_size=8, max_size=8), st.binary(min_size=17, max_size=100))
def test_a_lookup_frame_comes_back_part_by_part(key_id, body):
    envelope = parse(lookup_header(3, key_id) + body)
    assert envelope == Envelope(3, KeyKind.LOOKUP, key_id, memoryview(body))
    assert envelope.encode() == lookup_header(3, key_id) + body


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "cut short"),
        (b"\x01\x01\x01\x00", "cut short"),
        (b"\x02\x01\x01\x00\x01" + BODY, "unknown envelope version 2"),
        (b"\x01\x09\x01\x00\x01" + BODY, "unknown suite 9"),
        (b"\x01\x01\x02\x00\x01" + BODY, "suite cobblestone-256 takes no key reference of kind 2"),
        (b"\x01\x03\x01\x00\x01" + BODY, "suite aes-256-siv takes no key reference of kind 1"),
        (b"\x01\x01\x01\x00\x00" + BODY, "1 to 4096 bytes, not 0"),
        (b"\x01\x01\x01\x10\x01" + bytes(9999), "1 to 4096 bytes, not 4097"),
        (b"\x01\x01\x01\x10\x00" + BODY, "cut short"),
        (edk_header(1, EDK) + BODY[:-1], "no sealed body is 71 bytes long"),
        (lookup_header(3, bytes(8)) + bytes(16), "no deterministic body is 16 bytes long"),
        (bytes(MAX_ENVELOPE_LENGTH + 1), "at most 67108864 bytes"),
    ],
)
def test_a_malformed_frame_says_what_is_wrong(data, why):
    with pytest.raises(Malformed, match=why):
        parse(data)


@pytest.mark.parametrize("length", [0, MAX_EDK_LENGTH + 1])
def test_no_header_is_written_for_an_impossible_edk(length):
    with pytest.raises(Malformed, match=f"not {length}"):
        edk_header(1, bytes(length))


@pytest.mark.parametrize("length", [0, 7, 9])
def test_no_header_is_written_for_an_impossible_key_id(length):
    with pytest.raises(Malformed, match=f"not {length}"):
        lookup_header(3, bytes(length))


def test_a_lookup_key_is_named_by_its_edk():
    assert lookup_key_id(b"an EDK") == hashlib.sha256(b"an EDK").digest()[:8]


def test_what_may_be_made_may_be_parsed():
    check_length(MAX_ENVELOPE_LENGTH)
    with pytest.raises(TooLarge):
        check_length(MAX_ENVELOPE_LENGTH + 1)
