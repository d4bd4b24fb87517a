# SPDX-License-Identifier: Apache-2.0
"""RSA under a token's private key: signatures over a SHA-256 digest, and decryption.

The private exponent is used in the token and nowhere else. Where a token does not know OAEP with
SHA-256 (SoftHSM takes SHA-1 only), it gives the raw result of the private operation (CKM_RSA_X_509)
and the padding is taken off here (RFC 8017, section 7.1.2), as that of PKCS #1 v1.5 is. A wrong
padding is one error wherever it is wrong, and no step depends on where (Manger's attack); the
plaintext comes to this process anyway.
"""

import hashlib
import hmac
from collections.abc import Callable
from enum import Enum

import pkcs11
from pkcs11 import MGF, Mechanism

from sidecar.hsm.errors import BadCiphertext
from sidecar.hsm.handle import KeyHandle
from sidecar.hsm.token import Token

# DER of DigestInfo up to the digest, for SHA-256 (RFC 8017, section 9.2, note 1).
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
_SALT_BYTES = 32
_MIN_PADDING_BYTES = 8
_NOT_KNOWN = (pkcs11.ArgumentsBad, pkcs11.MechanismParamInvalid)


class Oaep(Enum):
    """OAEP by its hash, which is also that of the mask generation (MGF1)."""

    SHA_1 = ("sha1", Mechanism.SHA_1, MGF.SHA1)
    SHA_256 = ("sha256", Mechanism.SHA256, MGF.SHA256)


def sign_pkcs1(token: Token, key_id: bytes, digest: bytes) -> bytes:
    """RSASSA-PKCS1-v1_5 with SHA-256."""
    return token.using(
        key_id, lambda key: key.sign(_DIGEST_INFO + digest, mechanism=Mechanism.RSA_PKCS)
    )


def sign_pss(token: Token, key_id: bytes, digest: bytes) -> bytes:
    """RSASSA-PSS with SHA-256 for both hashes and a salt as long as the digest."""
    parameters = (Mechanism.SHA256, MGF.SHA256, _SALT_BYTES)
    return token.using(
        key_id,
        lambda key: key.sign(digest, mechanism=Mechanism.RSA_PKCS_PSS, mechanism_param=parameters),
    )


def decrypt_oaep(token: Token, key_id: bytes, ciphertext: bytes, oaep: Oaep) -> bytes:
    """RSAES-OAEP with an empty label; raise BadCiphertext."""
    name, hashing, mask = oaep.value

    def work(key: KeyHandle) -> bytes:
        try:
            return key.decrypt(
                ciphertext,
                mechanism=Mechanism.RSA_PKCS_OAEP,
                mechanism_param=(hashing, mask, None),
            )
        except _NOT_KNOWN:
            return strip_oaep(key.decrypt(ciphertext, mechanism=Mechanism.RSA_X_509), name)

    return token.opening(key_id, work)


def decrypt_pkcs1(token: Token, key_id: bytes, ciphertext: bytes, size: int) -> bytes:
    """The message of `size` bytes under RSAES-PKCS1-v1_5; raise BadCiphertext.

    For material of one's own making only. The padding is taken off here: a library that hides what
    is wrong with one (OpenSSL since 3.2, "implicit rejection") makes a message up, of any length.
    """

    def work(key: KeyHandle) -> bytes:
        return strip_pkcs1(key.decrypt(ciphertext, mechanism=Mechanism.RSA_X_509), size)

    return token.opening(key_id, work)


def strip_pkcs1(encoded: bytes, size: int) -> bytes:
    """The message of `size` bytes in a PKCS #1 v1.5 encoding (RFC 8017, section 7.2.2)."""
    padding, message = encoded[2 : -size - 1], encoded[-size:]
    is_good = encoded[:2] == b"\0\2"
    is_good &= len(padding) >= _MIN_PADDING_BYTES
    is_good &= padding.count(0) == 0
    is_good &= encoded[-size - 1 : -size] == b"\0"
    if not is_good:
        raise BadCiphertext
    return message


def strip_oaep(encoded: bytes, name: str) -> bytes:
    """The message in an OAEP encoding with an empty label; raise BadCiphertext."""
    digest: Callable[[bytes], bytes] = lambda data: hashlib.new(name, data).digest()  # noqa: E731 - one word for the rest
    size = len(digest(b""))
    if len(encoded) < 2 * size + 2:
        raise BadCiphertext
    masked_seed, masked = encoded[1 : 1 + size], encoded[1 + size :]
    seed = _xor(masked_seed, _mgf1(digest, masked, size))
    block = _xor(masked, _mgf1(digest, seed, len(masked)))
    rest = block[size:]
    message = rest.lstrip(b"\0")
    is_good = hmac.compare_digest(block[:size], digest(b""))
    is_good &= encoded[0] == 0
    is_good &= message[:1] == b"\1"
    if not is_good:
        raise BadCiphertext
    return message[1:]


def _mgf1(digest: Callable[[bytes], bytes], seed: bytes, size: int) -> bytes:
    """The mask generation function of RFC 8017, appendix B.2.1."""
    blocks = -(-size // len(digest(b"")))
    mask = b"".join(digest(seed + counter.to_bytes(4)) for counter in range(blocks))
    return mask[:size]


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(len(one))
