# SPDX-License-Identifier: Apache-2.0
"""SM2 (GB/T 32918; RFC 8998 for its identifiers), by GmSSL: no token and no OpenSSL binding has it.

Keys are bytes: a private key is its 32-byte number, a public key the DER of a SubjectPublicKeyInfo.
Signatures are DER of r and s, over a digest `e` that the caller has made of Z(A) and the message.
Ciphertexts are DER (GB/T 35276): C1, C3, C2.
"""

import gmssl_pyx

from sidecar.hsm import BadCiphertext

MAX_PLAINTEXT = 255
"""Bytes that GmSSL takes; the vendor's service takes 6047."""
DIGEST_BYTES = 32

# SubjectPublicKeyInfo with id-ecPublicKey and the named curve sm2p256v1 (1.2.156.10197.1.301), up
# to the two coordinates of the uncompressed point.
_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")
_POINT_BYTES = 64


def generate() -> tuple[bytes, bytes]:
    """A new pair: private key, public key."""
    point, private = gmssl_pyx.sm2_key_generate()
    return private, _SPKI + point


def sign(private: bytes, digest: bytes) -> bytes:
    signature: bytes = gmssl_pyx.sm2_sign_sm3_digest(private, digest)
    return signature


def verify(public: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether it is a signature over `digest`; what is no signature at all is none either."""
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
    try:
        plaintext: bytes = gmssl_pyx.sm2_decrypt(private, ciphertext)
    except gmssl_pyx.GmsslInnerError as error:
        raise BadCiphertext from error
    return plaintext


def is_public_key(public: bytes) -> bool:
    """Whether it is one that `encrypt` and `verify` take: a point that is on the curve."""
    if not public.startswith(_SPKI) or len(public) != len(_SPKI) + _POINT_BYTES:
        return False
    try:
        encrypt(public, b"\0")
    except gmssl_pyx.GmsslInnerError:
        return False
    return True


def _point(public: bytes) -> bytes:
    return public.removeprefix(_SPKI)
