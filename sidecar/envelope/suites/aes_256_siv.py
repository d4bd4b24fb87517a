# SPDX-License-Identifier: Apache-2.0
"""AES-256-SIV (RFC 5297), for fields that are searched by equality."""

from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA512

from sidecar.envelope.suite import DeterministicSuite

SUITE = DeterministicSuite(
    id=3,
    name="aes-256-siv",
    aead=b"AEAD_AES_SIV_CMAC_512",
    hash=SHA512(),
    cipher_key_length=64,
    cipher=AESSIV,
)
