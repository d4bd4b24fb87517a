# SPDX-License-Identifier: Apache-2.0
"""Secrets that the database keeps: sealed under the root key, which is in the token.

    sealed = 0x01 ‖ IV (12) ‖ AES-256-GCM(secret, additional data = purpose)

The purpose says what the secret is and whose, so that no row can stand for another.
"""

from sidecar.hsm import BadCiphertext, KeyMissing, Token
from sidecar.hsm.gcm import IV_BYTES
from sidecar.hsm.reserved import ROOT_ID

VERSION = b"\x01"


def seal(token: Token, secret: bytes, purpose: str) -> bytes:
    """Seal `secret`; it opens for the same purpose alone."""
    iv, ciphertext = token.encrypt_gcm(ROOT_ID, secret, purpose.encode())
    return VERSION + iv + ciphertext


def unseal(token: Token, sealed: bytes, purpose: str) -> bytes:
    """What was sealed; raise KeyMissing where this token's root key does not open it."""
    iv, ciphertext = sealed[1 : 1 + IV_BYTES], sealed[1 + IV_BYTES :]
    if sealed[:1] != VERSION:
        raise KeyMissing(f"{purpose} is sealed in a way that is not known here")
    try:
        return token.decrypt_gcm(ROOT_ID, iv, ciphertext, purpose.encode())
    except BadCiphertext as error:
        raise KeyMissing(f"the root key of the token does not open {purpose}") from error
