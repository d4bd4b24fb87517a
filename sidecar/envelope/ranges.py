# SPDX-License-Identifier: Apache-2.0
"""A range of a plaintext, opened from the few chunks that hold it.

`chunks.span_of` says which bytes of the body to fetch beside its prefix.
"""

from cryptography.exceptions import InvalidTag

from sidecar.envelope.chunked import nonce_of, unlock
from sidecar.envelope.chunks import (
    MAX_CHUNKS,
    PREFIX_LENGTH,
    SEALED_CHUNK_LENGTH,
    TAG_LENGTH,
    Span,
)
from sidecar.envelope.suite import Buffer, Keyed
from sidecar.errors import CannotOpen


class RangeOpener:
    """Opens spans of one body whose prefix has been read."""

    def __init__(self, keyed: Keyed, context: bytes, prefix: Buffer) -> None:
        """`prefix`: the first `PREFIX_LENGTH` bytes of the body; CannotOpen if they do not fit."""
        if len(prefix) != PREFIX_LENGTH:
            raise CannotOpen
        self._cipher, self._base = unlock(keyed, context, prefix)

    def open(self, span: Span, sealed: Buffer) -> bytes:
        """The plaintext of the range, from bytes `span.start` to `span.stop` of the body.

        A span that reaches the last chunk proves the length of the whole plaintext; any other
        proves its own bytes and says nothing of what follows.
        """
        if len(sealed) != span.stop - span.start or len(sealed) % SEALED_CHUNK_LENGTH in range(
            1, TAG_LENGTH
        ):
            raise CannotOpen
        parts = []
        for number, at in enumerate(range(0, len(sealed), SEALED_CHUNK_LENGTH), span.first):
            if number >= MAX_CHUNKS:
                raise CannotOpen
            chunk = sealed[at : at + SEALED_CHUNK_LENGTH]
            try:
                parts.append(self._cipher.decrypt(nonce_of(self._base, number), chunk, None))
            except InvalidTag:
                raise CannotOpen from None
        return b"".join(parts)[span.skip : span.skip + span.length]
