# SPDX-License-Identifier: Apache-2.0
"""SM2 (GB/T 32918; RFC 8998 for its identifiers), by GmSSL: no token and no OpenSSL binding has it.

Keys are bytes: a private key is its 32-byte number, a public key the DER of a SubjectPublicKeyInfo.
Signatures are DER of r and s, over a digest `e` that the caller has made of Z(A) and the message.
Ciphertexts are DER (GB/T 35276): C1, C3, C2.

What comes from outside is read here first, and strictly: GmSSL's own readers are C, and tell what
they do not like on standard error. What is left are two lines (where in its source) for a signature
or a ciphertext that is well-formed and wrong.
"""

from typing import ClassVar

import gmssl_pyx
from asn1crypto.core import Integer, OctetString, Sequence
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from sidecar.hsm import BadCiphertext

MAX_PLAINTEXT = 255
"""Bytes that GmSSL takes; the vendor's service takes 6047."""
DIGEST_BYTES = 32

# SubjectPublicKeyInfo with id-ecPublicKey and the named curve sm2p256v1 (1.2.156.10197.1.301), up
# to the two coordinates of the uncompressed point.
_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
_POINT_BYTES = 64
# GB/T 32918.5: the field, the curve's a and b, and the order of its base point.
_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A = _P - 3
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123


class _Ciphertext(Sequence):  # type: ignore[misc]
    _fields: ClassVar = [
        ("x", Integer),
        ("y", Integer),
        ("hash", OctetString),
        ("text", OctetString),
    ]


def generate() -> tuple[bytes, bytes]:
    """A new pair: private key, public key."""
    point, private = gmssl_pyx.sm2_key_generate()
    return private, _SPKI + point


def sign(private: bytes, digest: bytes) -> bytes:
    signature: bytes = gmssl_pyx.sm2_sign_sm3_digest(private, digest)
    return signature


def verify(public: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether it is a signature over `digest`; what is no signature at all is none either."""
    if not _is_signature(signature):
        return False
    try:
        is_good: bool = gmssl_pyx.sm2_verify_sm3_digest(_point(public), digest, signature)
    except gmssl_pyx.GmsslInnerError:
        return False
    return is_good


def encrypt(public: bytes, plaintext: bytes) -> bytes:
    """Encrypt 1 to MAX_PLAINTEXT bytes."""
    ciphertext: bytes = gmssl_pyx.sm2_encrypt(_point(public), plaintext)
    return ciphertext


def decrypt(private: bytes, ciphertext: bytes) -> bytes:
    """Raise BadCiphertext."""
    if not _is_ciphertext(ciphertext):
        raise BadCiphertext
    try:
        plaintext: bytes = gmssl_pyx.sm2_decrypt(private, ciphertext)
    except gmssl_pyx.GmsslInnerError as error:
        raise BadCiphertext from error
    return plaintext


def is_public_key(public: bytes) -> bool:
    """Whether it is one that `encrypt` and `verify` take: a point that is on the curve."""
    if not public.startswith(_SPKI) or len(public) != len(_SPKI) + _POINT_BYTES:
        return False
    point = _point(public)
    half = _POINT_BYTES // 2
    return _is_on_curve(int.from_bytes(point[:half]), int.from_bytes(point[half:]))


def _is_signature(data: bytes) -> bool:
    """Whether it is the one encoding of two numbers that a signature may consist of."""
    try:
        r, s = decode_dss_signature(data)
    except ValueError:
        return False
    return 0 < r < _N and 0 < s < _N and encode_dss_signature(r, s) == data


def _is_ciphertext(data: bytes) -> bool:
    """Whether it is the one encoding of a point, a hash and at most MAX_PLAINTEXT bytes."""
    try:
        parts = _Ciphertext.load(data, strict=True).native
        is_canonical = _Ciphertext(parts).dump() == data
    except (ValueError, TypeError):
        return False
    return (
        is_canonical
        and _is_on_curve(parts["x"], parts["y"])
        and len(parts["hash"]) == DIGEST_BYTES
        and 0 < len(parts["text"]) <= MAX_PLAINTEXT
    )


def _is_on_curve(x: int, y: int) -> bool:
    is_in_field = 0 <= x < _P and 0 <= y < _P
    return is_in_field and (y * y - (x * x * x + _A * x + _B)) % _P == 0


def _point(public: bytes) -> bytes:
    return public.removeprefix(_SPKI)
