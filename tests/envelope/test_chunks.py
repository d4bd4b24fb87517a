# SPDX-License-Identifier: Apache-2.0
"""The arithmetic of chunks against counting them one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.envelope import CHUNK_LENGTH, body_length, plaintext_length, span_of
from sidecar.envelope.chunks import MAX_CHUNKS, PREFIX_LENGTH, SEALED_CHUNK_LENGTH
from sidecar.errors import Malformed
from tests.envelope.strategies import MODEST, lengths

any_length = st.one_of(lengths, st.integers(0, MAX_CHUNKS * CHUNK_LENGTH - 1))


@MODEST
@given(any_length)
def test_lengths_map_one_to_one(length):
    assert plaintext_length(body_length(length)) == length


@MODEST
@given(st.one_of(st.integers(-10, 60_000), st.integers(0, 2**52)))
def test_a_length_is_impossible_or_of_exactly_one_plaintext(length):
    try:
        inside = plaintext_length(length)
    except Malformed:
        last = (length - PREFIX_LENGTH) % SEALED_CHUNK_LENGTH
        assert length < PREFIX_LENGTH or last < 16
    else:
        assert body_length(inside) == length


def test_the_examples_of_the_specification():
    """C2SP chunked-encryption, "Message chunking" and "Implementation notes"."""
    kib = 1024
    tags = {0: 1, kib: 1, 16 * kib: 2, 20 * kib: 2}
    for length, chunk_count in tags.items():
        assert body_length(length) == 56 + length + 16 * chunk_count
    for k in range(3):
        for extra in range(16):
            with pytest.raises(Malformed):
                plaintext_length(56 + k * (16 * kib + 16) + extra)


def test_four_pebibytes_are_too_many():
    longest = MAX_CHUNKS * CHUNK_LENGTH - 1
    body = body_length(longest)
    assert plaintext_length(body) == longest == 2**52 - 1
    with pytest.raises(Malformed, match="4 PiB"):
        body_length(longest + 1)
    with pytest.raises(Malformed):
        plaintext_length(body + 17)


@MODEST
@given(lengths, st.data())
def test_a_span_holds_its_range_and_no_chunk_in_vain(length, data):
    start = data.draw(st.integers(0, length))
    stop = data.draw(st.integers(start, length))
    span = span_of(start, stop, length)
    assert (span.start - PREFIX_LENGTH) == span.first * SEALED_CHUNK_LENGTH
    assert (span.first * CHUNK_LENGTH + span.skip, span.length) == (start, stop - start)
    last = -(-(span.stop - PREFIX_LENGTH) // SEALED_CHUNK_LENGTH) - 1
    if stop == length:  # the end is proven by the last chunk
        assert span.stop == body_length(length)
        assert last == length // CHUNK_LENGTH
    else:
        assert last == max(start, stop - 1) // CHUNK_LENGTH


@pytest.mark.parametrize(("start", "stop"), [(-1, 5), (6, 5), (0, 11), (11, 11)])
def test_what_is_no_range_has_no_span(start, stop):
    with pytest.raises(ValueError, match="not a range"):
        span_of(start, stop, 10)
