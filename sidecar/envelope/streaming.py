# SPDX-License-Identifier: Apache-2.0
"""Bodies that are never held whole, one chunk in memory at a time.

Both ends produce and accept the body alone (`chunked` has the same bytes at once); the envelope's
header is written ahead of it with `format.edk_header`.
"""

from collections.abc import Iterator
from functools import partial

from cryptography.exceptions import InvalidTag

from sidecar.envelope.chunked import nonce_of, unlock
from sidecar.envelope.chunks import (
    CHUNK_LENGTH,
    MAX_CHUNKS,
    PREFIX_LENGTH,
    SALT_LENGTH,
    SEALED_CHUNK_LENGTH,
    TAG_LENGTH,
)
from sidecar.envelope.suite import Aead, Buffer, Keyed
from sidecar.errors import CannotOpen, Malformed


class Sealer:
    """Turns the plaintext of one message, fed in pieces, into its body."""

    def __init__(self, keyed: Keyed, salt: bytes, context: bytes) -> None:
        """`salt`: 24 random bytes, never used twice with a key."""
        if len(salt) != SALT_LENGTH:
            raise ValueError(f"a salt has {SALT_LENGTH} bytes")
        self._cipher, self._base, commitment = keyed.derive(salt, context)
        self._ready = [salt + commitment]
        self._held = bytearray()
        self._number = 0
        self._finished = False

    def update(self, plaintext: Buffer) -> bytes:
        """The part of the body that is settled by now."""
        if self._finished:
            raise ValueError("this message is finished")
        self._held += plaintext
        whole = len(self._held) - len(self._held) % CHUNK_LENGTH
        for at in range(0, whole, CHUNK_LENGTH):
            self._seal(self._held[at : at + CHUNK_LENGTH])
        del self._held[:whole]
        return self._flush()

    def finish(self) -> bytes:
        """The rest of the body, ending with the last, shorter chunk."""
        if self._finished:
            raise ValueError("this message is finished")
        self._finished = True
        self._seal(self._held)
        return self._flush()

    def _seal(self, chunk: Buffer) -> None:
        if self._number >= MAX_CHUNKS:
            raise Malformed("a value beyond 4 PiB cannot be sealed")
        self._ready.append(self._cipher.encrypt(nonce_of(self._base, self._number), chunk, None))
        self._number += 1

    def _flush(self) -> bytes:
        ready = b"".join(self._ready)
        self._ready.clear()
        return ready


class Opener:
    """Turns a body, fed in pieces, into its plaintext; CannotOpen as soon as it is not authentic.

    Every byte returned is authentic and in its place; that none is missing at the end is known
    only when `finish` returns. After a failure everything fails.
    """

    def __init__(self, keyed: Keyed, context: bytes) -> None:
        self._unlock = partial(unlock, keyed, context)
        self._unlocked: tuple[Aead, bytes] | None = None
        self._held = bytearray()
        self._number = 0
        self._closed = False

    def update(self, body: Buffer) -> bytes:
        """The plaintext of the chunks that are complete by now."""
        if self._closed:
            raise CannotOpen
        self._held += body
        try:
            return b"".join(self._open_whole_chunks())
        except (CannotOpen, InvalidTag):
            self._closed = True
            raise CannotOpen from None

    def finish(self) -> bytes:
        """The plaintext of the last chunk; the message is whole when this returns."""
        if self._closed:
            raise CannotOpen
        self._closed = True
        if self._unlocked is None or len(self._held) < TAG_LENGTH:
            raise CannotOpen
        try:
            return self._open(self._held)
        except InvalidTag:
            raise CannotOpen from None

    def _open_whole_chunks(self) -> Iterator[bytes]:
        if self._unlocked is None:
            if len(self._held) < PREFIX_LENGTH:
                return
            self._unlocked = self._unlock(self._held)
            del self._held[:PREFIX_LENGTH]
        # A chunk of full length is never the last one, so it need not wait for what follows.
        while len(self._held) >= SEALED_CHUNK_LENGTH:
            yield self._open(self._held[:SEALED_CHUNK_LENGTH])
            del self._held[:SEALED_CHUNK_LENGTH]

    def _open(self, chunk: Buffer) -> bytes:
        if self._unlocked is None or self._number >= MAX_CHUNKS:
            raise CannotOpen
        cipher, base = self._unlocked
        plaintext = cipher.decrypt(nonce_of(base, self._number), chunk, None)
        self._number += 1
        return plaintext
