# SPDX-License-Identifier: Apache-2.0
"""Cobblestone-256: AES-256-GCM and SHA-512, the default (C2SP chunked-encryption)."""

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512

from sidecar.envelope.suite import ChunkedSuite

SUITE = ChunkedSuite(
    id=1,
    name="cobblestone-256",
    aead=b"AEAD_AES_256_GCM",
    hash=SHA512(),
    cipher_key_length=32,
    cipher=AESGCM,
)
