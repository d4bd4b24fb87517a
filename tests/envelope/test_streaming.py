# SPDX-License-Identifier: Apache-2.0
"""Streams give the bytes of the whole-body form, however they are cut, and nothing unproven."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.envelope import CHUNK_LENGTH, SUITES, Opener, Sealer, chunked, chunks
from sidecar.envelope.streaming import MAX_CHUNKS
from sidecar.errors import CannotOpen, Malformed
from tests.envelope.strategies import (
    CONTEXT,
    KEY,
    MODEST,
    SALT,
    WORDING,
    chunked_suites,
    counting,
    pieces,
    plaintexts,
)

COBBLESTONE = SUITES[1]


def sealer() -> Sealer:
    return Sealer(COBBLESTONE.keyed(KEY), SALT, CONTEXT)


def opener() -> Opener:
    return Opener(COBBLESTONE.keyed(KEY), CONTEXT)


def released(body: bytes, step: int = 1000) -> tuple[bytes, bool]:
    """What an Opener hands out of `body` before it ends or fails; whether it ended well."""
    stream, out = opener(), b""
    try:
        for at in range(0, len(body), step):
            out += stream.update(body[at : at + step])
        return out + stream.finish(), True
    except CannotOpen as error:
        refusal = error
    assert str(refusal) == WORDING
    return out, False


@MODEST
@given(chunked_suites, plaintexts, st.data())
def test_any_cuts_give_the_whole_body_form(suite, plaintext, data):
    body = chunked.encrypt(suite.keyed(KEY), SALT, CONTEXT, plaintext)
    sealing = Sealer(suite.keyed(KEY), SALT, CONTEXT)
    parts = [sealing.update(part) for part in data.draw(pieces(plaintext))]
    assert b"".join([*parts, sealing.finish()]) == body
    opening = Opener(suite.keyed(KEY), CONTEXT)
    parts = [opening.update(part) for part in data.draw(pieces(body))]
    assert b"".join([*parts, opening.finish()]) == plaintext


def test_a_byte_at_a_time():
    plaintext = counting(CHUNK_LENGTH + 3)
    body = chunked.encrypt(COBBLESTONE.keyed(KEY), SALT, CONTEXT, plaintext)
    sealing = sealer()
    sealed = b"".join(sealing.update(plaintext[at : at + 1]) for at in range(len(plaintext)))
    assert sealed + sealing.finish() == body
    assert released(body, 1) == (plaintext, True)


@MODEST
@given(st.integers(0, 3 * 16400 + 56 + 16 - 1), st.integers(0, 7), st.integers(1, 40_000))
def test_nothing_is_released_from_an_altered_chunk_or_behind_it(at, bit, step):
    plaintext = counting(3 * CHUNK_LENGTH)
    body = bytearray(chunked.encrypt(COBBLESTONE.keyed(KEY), SALT, CONTEXT, plaintext))
    body[at] ^= 1 << bit
    out, whole = released(bytes(body), step)
    proven = 0 if at < 56 else (at - 56) // 16400 * CHUNK_LENGTH
    assert not whole
    assert out == plaintext[: len(out)]
    assert len(out) <= proven


@MODEST
@given(st.integers(0, 2 * 16400 + 56 + 100 + 16 - 1))
def test_a_cut_stream_never_ends_well(length):
    plaintext = counting(2 * CHUNK_LENGTH + 100)
    body = chunked.encrypt(COBBLESTONE.keyed(KEY), SALT, CONTEXT, plaintext)
    out, whole = released(body[:length])
    assert not whole
    assert plaintext.startswith(out)


@pytest.mark.parametrize("chunk_count", [0, 1, 2])
def test_a_stream_cut_between_chunks_never_ends_well(chunk_count):
    body = chunked.encrypt(COBBLESTONE.keyed(KEY), SALT, CONTEXT, counting(2 * CHUNK_LENGTH))
    out, whole = released(body[: 56 + chunk_count * 16400])
    assert (len(out), whole) == (chunk_count * CHUNK_LENGTH, False)


def test_after_a_failure_everything_fails():
    body = chunked.encrypt(COBBLESTONE.keyed(KEY), SALT, CONTEXT, counting(CHUNK_LENGTH))
    stream = opener()
    with pytest.raises(CannotOpen):
        stream.update(b"\x00" * 56)
    for call in (lambda: stream.update(body), lambda: stream.update(b""), stream.finish):
        with pytest.raises(CannotOpen, match=WORDING):
            call()


def test_a_finished_stream_takes_no_more():
    sealing = sealer()
    sealing.finish()
    for call in (lambda: sealing.update(b"more"), sealing.finish):
        with pytest.raises(ValueError, match="finished"):
            call()
    opening = opener()
    opening.update(chunked.encrypt(COBBLESTONE.keyed(KEY), SALT, CONTEXT, b"value"))
    assert opening.finish() == b"value"
    for call in (lambda: opening.update(b""), opening.finish):
        with pytest.raises(CannotOpen):
            call()


def test_a_salt_of_another_length_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="24 bytes"):
        Sealer(COBBLESTONE.keyed(KEY), SALT[:-1], CONTEXT)


def test_the_counter_stops_where_the_specification_says():
    """C2SP chunked-encryption, "Message chunking": abort at 2**38 chunks, both ways."""
    assert MAX_CHUNKS == chunks.MAX_CHUNKS == 2**38
    sealing = sealer()
    sealing._number = MAX_CHUNKS
    with pytest.raises(Malformed, match="4 PiB"):
        sealing.update(bytes(CHUNK_LENGTH))
    prefix = chunked.encrypt(COBBLESTONE.keyed(KEY), SALT, CONTEXT, b"")[:56]
    cipher, base = chunked.unlock(COBBLESTONE.keyed(KEY), CONTEXT, prefix)
    opening = opener()
    opening.update(prefix)
    opening._number = MAX_CHUNKS - 1
    chunk, beyond = (
        cipher.encrypt(chunked.nonce_of(base, number), bytes(CHUNK_LENGTH), None)
        for number in (MAX_CHUNKS - 1, MAX_CHUNKS)
    )
    assert opening.update(chunk) == bytes(CHUNK_LENGTH)
    with pytest.raises(CannotOpen):
        opening.update(beyond)


@pytest.mark.parametrize("suite", [SUITES[1], SUITES[2]], ids=lambda suite: suite.name)
@pytest.mark.parametrize("length", [0, 1, 55, 56, 57, 71])
def test_a_stream_too_short_for_its_last_tag_never_ends_well(suite, length):
    opening = Opener(suite.keyed(KEY), CONTEXT)
    opening.update(chunked.encrypt(suite.keyed(KEY), SALT, CONTEXT, b"")[:length])
    with pytest.raises(CannotOpen, match=WORDING):
        opening.finish()
