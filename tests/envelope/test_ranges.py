# SPDX-License-Identifier: Apache-2.0
"""Ranges open from the chunks that hold them, to exactly the bytes of the whole plaintext."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.envelope import (
    CHUNK_LENGTH,
    PREFIX_LENGTH,
    SUITES,
    RangeOpener,
    chunked,
    span_of,
)
from sidecar.envelope.chunks import MAX_CHUNKS, Span
from sidecar.errors import CannotOpen
from tests.envelope.strategies import CONTEXT, KEY, MODEST, SALT, chunked_suites, counting, lengths

COBBLESTONE = SUITES[1]
PLAINTEXT = counting(3 * CHUNK_LENGTH + 100)
BODY = chunked.encrypt(COBBLESTONE.keyed(KEY), SALT, CONTEXT, PLAINTEXT)


def opener(prefix: bytes = BODY[:PREFIX_LENGTH]) -> RangeOpener:
    return RangeOpener(COBBLESTONE.keyed(KEY), CONTEXT, prefix)


@MODEST
@given(chunked_suites, lengths, st.data())
def test_any_range_is_what_the_whole_plaintext_has_there(suite, length, data):
    plaintext = counting(length)
    body = chunked.encrypt(suite.keyed(KEY), SALT, CONTEXT, plaintext)
    start = data.draw(st.integers(0, length))
    stop = data.draw(st.integers(start, length))
    span = span_of(start, stop, length)
    ranges = RangeOpener(suite.keyed(KEY), CONTEXT, body[:PREFIX_LENGTH])
    assert ranges.open(span, body[span.start : span.stop]) == plaintext[start:stop]


@MODEST
@given(st.integers(0, 16399), st.integers(0, 7))
def test_a_flipped_bit_anywhere_in_the_chunk_is_noticed_even_outside_the_range(at, bit):
    span = span_of(CHUNK_LENGTH + 5, CHUNK_LENGTH + 6, len(PLAINTEXT))
    sealed = bytearray(BODY[span.start : span.stop])
    sealed[at] ^= 1 << bit
    with pytest.raises(CannotOpen):
        opener().open(span, sealed)


def test_a_chunk_from_elsewhere_does_not_open():
    span = span_of(0, 10, len(PLAINTEXT))
    second = span_of(CHUNK_LENGTH, CHUNK_LENGTH + 10, len(PLAINTEXT))
    with pytest.raises(CannotOpen):
        opener().open(span, BODY[second.start : second.stop])


@pytest.mark.parametrize("change", [-1, 1, -16400])
def test_more_or_fewer_bytes_than_the_span_do_not_open(change):
    span = span_of(0, 2 * CHUNK_LENGTH, len(PLAINTEXT))
    with pytest.raises(CannotOpen):
        opener().open(span, BODY[span.start : span.stop + change])


@pytest.mark.parametrize("claimed", [len(PLAINTEXT) - 1, 3 * CHUNK_LENGTH, CHUNK_LENGTH])
def test_a_store_that_claims_a_shorter_object_is_caught_at_its_end(claimed):
    span = span_of(claimed - 10, claimed, claimed)
    with pytest.raises(CannotOpen):
        opener().open(span, BODY[span.start : span.stop])


def test_a_prefix_of_another_length_or_key_does_not_open():
    for prefix in (b"", BODY[: PREFIX_LENGTH - 1], BODY[: PREFIX_LENGTH + 1], bytes(56)):
        with pytest.raises(CannotOpen):
            opener(prefix)


@pytest.mark.parametrize("suite", [SUITES[1], SUITES[2]], ids=lambda suite: suite.name)
@pytest.mark.parametrize("length", [1, 15])
def test_a_rest_too_short_for_a_tag_does_not_open(suite, length):
    body = chunked.encrypt(suite.keyed(KEY), SALT, CONTEXT, b"")
    ranges = RangeOpener(suite.keyed(KEY), CONTEXT, body[:PREFIX_LENGTH])
    with pytest.raises(CannotOpen):
        ranges.open(Span(0, 56, 56 + length, 0, 1), body[56 : 56 + length])


@pytest.mark.parametrize(("number", "opens"), [(MAX_CHUNKS - 1, True), (MAX_CHUNKS, False)])
def test_the_counter_stops_where_the_specification_says(number, opens):
    """The chunk is authentic; only its number is beyond what may be."""
    cipher, base = chunked.unlock(COBBLESTONE.keyed(KEY), CONTEXT, BODY)
    sealed = cipher.encrypt(chunked.nonce_of(base, number), bytes(CHUNK_LENGTH), None)
    span = Span(number, 0, 16400, 0, CHUNK_LENGTH)
    if opens:
        assert opener().open(span, sealed) == bytes(CHUNK_LENGTH)
    else:
        with pytest.raises(CannotOpen):
            opener().open(span, sealed)
