# SPDX-License-Identifier: Apache-2.0
"""Where the chunks of a body stand: arithmetic alone (C2SP chunked-encryption).

A body is `salt(24) || commitment(32) || chunks`; every chunk holds 16 KiB of plaintext but the
last, which is always shorter and may be empty. So a full chunk is never the last one, each
plaintext length has one chunking, and some body lengths are impossible.
"""

from typing import NamedTuple

from sidecar.errors import Malformed

SALT_LENGTH = 24
COMMITMENT_LENGTH = 32
PREFIX_LENGTH = SALT_LENGTH + COMMITMENT_LENGTH
TAG_LENGTH = 16
CHUNK_LENGTH = 16 * 1024
SEALED_CHUNK_LENGTH = CHUNK_LENGTH + TAG_LENGTH
MAX_CHUNKS = 1 << 38
"""Section "Message chunking": 4 PiB."""


def body_length(plaintext: int) -> int:
    """The length of the body of a plaintext that is `plaintext` bytes long.

    Raises:
        Malformed: The plaintext would need more than `MAX_CHUNKS` chunks.
    """
    full, rest = divmod(plaintext, CHUNK_LENGTH)
    if full >= MAX_CHUNKS:
        raise Malformed("a value beyond 4 PiB cannot be sealed")
    return PREFIX_LENGTH + full * SEALED_CHUNK_LENGTH + rest + TAG_LENGTH


def plaintext_length(body: int) -> int:
    """The length of the plaintext inside a body that is `body` bytes long.

    The answer is as good as the length it is given: it becomes authentic when the last chunk opens.

    Raises:
        Malformed: No plaintext has a body of that length.
    """
    if PREFIX_LENGTH + TAG_LENGTH <= body < PREFIX_LENGTH + SEALED_CHUNK_LENGTH:
        return body - (PREFIX_LENGTH + TAG_LENGTH)  # one chunk, as nearly every field has
    full, rest = divmod(body - PREFIX_LENGTH, SEALED_CHUNK_LENGTH)
    if body < PREFIX_LENGTH or rest < TAG_LENGTH or full >= MAX_CHUNKS:
        raise Malformed(f"no sealed body is {body} bytes long")
    return full * CHUNK_LENGTH + rest - TAG_LENGTH


class Span(NamedTuple):
    """The whole chunks that hold a range of the plaintext."""

    first: int
    """The number of the first chunk."""
    start: int
    """Where the first chunk starts in the body."""
    stop: int
    """Where the last chunk stops in the body."""
    skip: int
    """Plaintext bytes of the first chunk ahead of the range."""
    length: int
    """Plaintext bytes of the range."""


def span_of(start: int, stop: int, length: int) -> Span:
    """The span of plaintext bytes `start` to `stop` (exclusive) of a plaintext of `length` bytes.

    A range that touches the end takes in the last chunk even when that is empty, so that opening
    the span proves that the plaintext ends there.

    Raises:
        ValueError: Not a range of that plaintext; the caller answers "not satisfiable".
    """
    if not 0 <= start <= stop <= length:
        raise ValueError("not a range of this plaintext")
    first = start // CHUNK_LENGTH
    last = length // CHUNK_LENGTH if stop == length else max(first, (stop - 1) // CHUNK_LENGTH)
    whole = body_length(length)
    return Span(
        first=first,
        start=PREFIX_LENGTH + first * SEALED_CHUNK_LENGTH,
        stop=min(whole, PREFIX_LENGTH + (last + 1) * SEALED_CHUNK_LENGTH),
        skip=start - first * CHUNK_LENGTH,
        length=stop - start,
    )
