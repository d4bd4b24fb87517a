# SPDX-License-Identifier: Apache-2.0
"""What is done with the public half of a pair: no token and no secret is needed.

A public key is the DER of a SubjectPublicKeyInfo, as it was kept when the pair was made.
"""

import base64
import textwrap
from typing import cast

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_der_public_key

from sidecar.kms.service import sm2
from sidecar.kms.service.rsa_paddings import ENCRYPTING, OVERHEAD, SHA_256, SIGNING

DIGEST_BYTES = 32
"""Of every algorithm that signs."""


def verify(public: bytes, algorithm: str, digest: bytes, signature: bytes) -> bool:
    """Whether `signature` is one over `digest`; bytes that are no signature are none either."""
    if algorithm == "SM2DSA":
        return sm2.verify(public, digest, signature)
    try:
        if algorithm == "ECDSA_SHA_256":
            point = cast("ec.EllipticCurvePublicKey", load_der_public_key(public))
            point.verify(signature, digest, ec.ECDSA(Prehashed(SHA_256)))
        else:
            _rsa(public).verify(signature, digest, SIGNING[algorithm], Prehashed(SHA_256))
    except InvalidSignature:
        return False
    return True


def max_plaintext(public: bytes, algorithm: str) -> int:
    """How many bytes `encrypt` takes."""
    if algorithm == "SM2PKE":
        return sm2.MAX_PLAINTEXT
    return _rsa(public).key_size // 8 - OVERHEAD[algorithm]


def encrypt(public: bytes, algorithm: str, plaintext: bytes) -> bytes:
    """Encrypt 1 to `max_plaintext` bytes."""
    if algorithm == "SM2PKE":
        return sm2.encrypt(public, plaintext)
    return _rsa(public).encrypt(plaintext, ENCRYPTING[algorithm])


def pem(public: bytes) -> str:
    """The key as PEM (RFC 7468, section 13)."""
    lines = textwrap.wrap(base64.b64encode(public).decode("ascii"), 64)
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])


def spec_of(public: bytes) -> str | None:
    """`RSA_2048` or `EC_SM2`, where it is a key of these; else None."""
    if sm2.is_public_key(public):
        return "EC_SM2"
    try:
        key = load_der_public_key(public)
    except (ValueError, UnsupportedAlgorithm):
        return None
    if not isinstance(key, rsa.RSAPublicKey) or not _encrypts(key.public_numbers()):
        return None
    return f"RSA_{key.key_size}"


def _encrypts(numbers: rsa.RSAPublicNumbers) -> bool:
    """Whether it is a key at all: with the exponent 1 a ciphertext is the plaintext.

    NIST SP 800-56B, section 6.2: both numbers are odd, and 2^16 < e < 2^256.
    """
    return bool(numbers.n & numbers.e & 1) and 2**16 < numbers.e < 2**256


def _rsa(public: bytes) -> rsa.RSAPublicKey:
    return cast("rsa.RSAPublicKey", load_der_public_key(public))
