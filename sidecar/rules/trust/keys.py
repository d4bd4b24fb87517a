# SPDX-License-Identifier: Apache-2.0
"""The keys that sign rules: Ed25519, in PEM (RFC 7468, RFC 8410), as OpenSSL reads and writes them.

The signing key is a secret of the people who answer for the data; a proxy has only its public half.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import NamedTuple, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from sidecar.errors import Misconfigured
from sidecar.private_file import read_private
from sidecar.strict_yaml import read_bytes

_BLOCK = re.compile(rb"-----BEGIN PUBLIC KEY-----\n.*?-----END PUBLIC KEY-----\n?", re.DOTALL)


class TrustKey(NamedTuple):
    """A public key whose signatures count, and the id that signature files name it by."""

    id: str
    key: Ed25519PublicKey

    @classmethod
    def of(cls, key: Ed25519PublicKey) -> Self:
        """`key` with its id, the first 8 bytes of its SHA-256 in hex."""
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return cls(hashlib.sha256(raw).hexdigest()[:16], key)


def generate_key() -> tuple[bytes, bytes]:
    """A new key in PEM: the signing key, and the public key to trust."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def read_signing_key(path: Path) -> Ed25519PrivateKey:
    """The key to sign with; Misconfigured where others may read it, or it is none."""
    try:
        key = load_pem_private_key(read_private(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise Misconfigured(
            f"{path}: not an Ed25519 key in PEM without a password; make one with: "
            "sidecar rules keygen"
        )
    return key


def read_trust_keys(path: Path) -> tuple[TrustKey, ...]:
    """The public keys in a PEM file: one, or while it is exchanged the old and the new."""
    data = read_bytes(path)
    blocks = _BLOCK.findall(data)
    keys = [_public_key(block) for block in blocks]
    if not keys or _BLOCK.sub(b"", data).strip() or not all(keys):
        raise Misconfigured(f"{path}: not Ed25519 public keys in PEM, and nothing else")
    return tuple(TrustKey.of(key) for key in keys if key is not None)


def _public_key(block: bytes) -> Ed25519PublicKey | None:
    try:
        key = load_pem_public_key(block)
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, Ed25519PublicKey) else None
