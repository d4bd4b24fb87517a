# SPDX-License-Identifier: Apache-2.0
"""A body held whole, encrypted and decrypted (C2SP chunked-encryption).

`streaming` and `ranges` do the same for what is not held whole.
"""

from hmac import compare_digest

from cryptography.exceptions import InvalidTag

from sidecar.envelope.chunks import (
    CHUNK_LENGTH,
    PREFIX_LENGTH,
    SALT_LENGTH,
    SEALED_CHUNK_LENGTH,
    body_length,
    plaintext_length,
)
from sidecar.envelope.suite import Aead, Buffer, ChunkedSuite
from sidecar.errors import CannotOpen, Malformed


def nonce_of(base: bytes, number: int) -> bytes:
    """The nonce of chunk `number`: base nonce XOR chunk number (section "AEAD usage")."""
    return (int.from_bytes(base) ^ number).to_bytes(len(base))


def encrypt(
    suite: ChunkedSuite, data_key: Buffer, salt: bytes, context: bytes, plaintext: Buffer
) -> bytes:
    """The body of `plaintext`; `salt` must never repeat for a data key."""
    if len(salt) != SALT_LENGTH:
        raise ValueError(f"a salt has {SALT_LENGTH} bytes")
    cipher, base, commitment = suite.derive(data_key, salt, context)
    length = len(plaintext)
    if length < CHUNK_LENGTH:  # one chunk, number zero: its nonce is the base nonce
        return salt + commitment + cipher.encrypt(base, plaintext, None)
    body_length(length)
    view = memoryview(plaintext)
    parts = [salt, commitment]
    # The end is inclusive: a length that is a multiple of a chunk gets an empty last chunk.
    for number, at in enumerate(range(0, length + 1, CHUNK_LENGTH)):
        parts.append(cipher.encrypt(nonce_of(base, number), view[at : at + CHUNK_LENGTH], None))
    return b"".join(parts)


def decrypt(suite: ChunkedSuite, data_key: Buffer, context: bytes, body: Buffer) -> bytes:
    """The plaintext of `body`, or CannotOpen; nothing is seen before all of it is authentic."""
    try:
        plaintext_length(len(body))
    except Malformed:
        raise CannotOpen from None
    cipher, base = unlock(suite, data_key, context, body)
    try:
        if len(body) < PREFIX_LENGTH + SEALED_CHUNK_LENGTH:
            return cipher.decrypt(base, body[PREFIX_LENGTH:], None)
        view = memoryview(body)
        return b"".join(
            cipher.decrypt(nonce_of(base, number), view[at : at + SEALED_CHUNK_LENGTH], None)
            for number, at in enumerate(range(PREFIX_LENGTH, len(body), SEALED_CHUNK_LENGTH))
        )
    except InvalidTag:
        raise CannotOpen from None


def unlock(
    suite: ChunkedSuite, data_key: Buffer, context: bytes, prefix: Buffer
) -> tuple[Aead, bytes]:
    """The keyed cipher and base nonce of the body that starts with `prefix`.

    The commitment is compared first and in constant time: a ciphertext made to open under two
    keys is refused before any of it is decrypted.
    """
    salt = bytes(prefix[:SALT_LENGTH])
    cipher, base, commitment = suite.derive(data_key, salt, context)
    if not compare_digest(commitment, prefix[SALT_LENGTH:PREFIX_LENGTH]):
        raise CannotOpen
    return cipher, base
