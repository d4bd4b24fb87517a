# SPDX-License-Identifier: Apache-2.0
"""What is signed in place of a message: its SHA-256, or SM2's own digest of it."""

import hashlib

from cryptography.hazmat.primitives import hashes

SM2DSA = "SM2DSA"
_POINT_BYTES = 64
# GB/T 32918.5: a, b and the base point of the curve, 32 bytes each.
_CURVE = bytes.fromhex(
    "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc"
    "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"
    "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
    "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"
)
_SIGNER = b"1234567812345678"
"""The signer's id where none is agreed on (GM/T 0009, section 10)."""


def digest(algorithm: str, public: bytes, message: bytes) -> bytes:
    """The 32 bytes that `algorithm` signs for `message`; `public` is the signer's key, in DER."""
    if algorithm != SM2DSA:
        return hashlib.sha256(message).digest()
    # GB/T 32918.2, sections 5.5 and 6.1: e = SM3(Z ‖ M), Z = SM3(ENTL ‖ ID ‖ a ‖ b ‖ G ‖ P).
    bits = (len(_SIGNER) * 8).to_bytes(2)
    return _sm3(_sm3(bits + _SIGNER + _CURVE + public[-_POINT_BYTES:]) + message)


def _sm3(data: bytes) -> bytes:
    hashing = hashes.Hash(hashes.SM3())
    hashing.update(data)
    return hashing.finalize()
