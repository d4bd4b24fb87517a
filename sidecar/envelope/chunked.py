# SPDX-License-Identifier: Apache-2.0
"""A body held whole, encrypted and decrypted (C2SP chunked-encryption).

`streaming` and `ranges` do the same for what is not held whole. Nearly every field is one chunk
and takes the short way; the long way works inside one allocation. A BytesIO lends its bytes for
writing and gives them back as an immutable value, without a copy of either.
"""

from hmac import compare_digest
from io import BytesIO

from cryptography.exceptions import InvalidTag

from sidecar.envelope.chunks import (
    CHUNK_LENGTH,
    PREFIX_LENGTH,
    SALT_LENGTH,
    SEALED_CHUNK_LENGTH,
    body_length,
    plaintext_length,
)
from sidecar.envelope.format import check_length
from sidecar.envelope.suite import Aead, Buffer, Keyed
from sidecar.errors import CannotOpen, Malformed


def nonce_of(base: bytes, number: int) -> bytes:
    """The nonce of chunk `number`: base nonce XOR chunk number (section "AEAD usage")."""
    return (int.from_bytes(base) ^ number).to_bytes(len(base))


def encrypt(
    keyed: Keyed, salt: bytes, context: bytes, plaintext: Buffer, header: bytes = b""
) -> bytes:
    """`header` and behind it the body of `plaintext`; a salt must never repeat for a data key.

    Raises:
        TooLarge: Both together would be longer than an envelope that is held whole.
    """
    if len(salt) != SALT_LENGTH:
        raise ValueError(f"a salt has {SALT_LENGTH} bytes")
    cipher, base, commitment = keyed.derive(salt, context)
    length = len(plaintext)
    if length < CHUNK_LENGTH:  # one chunk, number zero: its nonce is the base nonce
        return b"".join((header, salt, commitment, cipher.encrypt(base, plaintext, None)))
    check_length(len(header) + body_length(length))
    first = len(header) + PREFIX_LENGTH
    sealed = BytesIO(bytes(len(header) + body_length(length)))
    with memoryview(plaintext) as view, sealed.getbuffer() as out:
        out[:first] = header + salt + commitment
        # After a plaintext of full chunks comes an empty last one. Slices stop at the end.
        for number in range(length // CHUNK_LENGTH + 1):
            at, to = number * CHUNK_LENGTH, first + number * SEALED_CHUNK_LENGTH
            cipher.encrypt_into(
                nonce_of(base, number),
                view[at : at + CHUNK_LENGTH],
                None,
                out[to : to + SEALED_CHUNK_LENGTH],
            )
    return sealed.getvalue()


def decrypt(keyed: Keyed, context: bytes, body: Buffer) -> bytes:
    """The plaintext of `body`, or CannotOpen; nothing is seen before all of it is authentic."""
    try:
        cipher, base = unlock(keyed, context, body)
        if len(body) < PREFIX_LENGTH + SEALED_CHUNK_LENGTH:
            return cipher.decrypt(base, body[PREFIX_LENGTH:], None)
        length = plaintext_length(len(body))
        opened = BytesIO(bytes(length))
        with memoryview(body) as view, opened.getbuffer() as out:
            for number in range(length // CHUNK_LENGTH + 1):
                at, to = PREFIX_LENGTH + number * SEALED_CHUNK_LENGTH, number * CHUNK_LENGTH
                cipher.decrypt_into(
                    nonce_of(base, number),
                    view[at : at + SEALED_CHUNK_LENGTH],
                    None,
                    out[to : to + CHUNK_LENGTH],
                )
        return opened.getvalue()
    except (InvalidTag, Malformed):
        raise CannotOpen from None


def unlock(keyed: Keyed, context: bytes, prefix: Buffer) -> tuple[Aead, bytes]:
    """The keyed cipher and base nonce of the body that starts with `prefix`.

    The commitment is compared first and in constant time: a ciphertext made to open under two
    keys is refused before any of it is decrypted.
    """
    cipher, base, commitment = keyed.derive(prefix[:SALT_LENGTH], context)
    if not compare_digest(commitment, prefix[SALT_LENGTH:PREFIX_LENGTH]):
        raise CannotOpen
    return cipher, base
