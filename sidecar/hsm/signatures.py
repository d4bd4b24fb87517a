# SPDX-License-Identifier: Apache-2.0
"""ECDSA and HMAC under keys of a token."""

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11 import Mechanism

from sidecar.hsm.token import Token

HMAC = {
    "sha224": Mechanism.SHA224_HMAC,
    "sha256": Mechanism.SHA256_HMAC,
    "sha384": Mechanism.SHA384_HMAC,
    "sha512": Mechanism.SHA512_HMAC,
}
"""By the hash, as `hashlib` names it."""


def sign_ecdsa(token: Token, key_id: bytes, digest: bytes) -> bytes:
    """ECDSA over `digest`, as the DER of Ecdsa-Sig-Value (RFC 3279, section 2.2.3)."""
    # PKCS#11 2.40, section 2.3.1: r and s, each half of the signature.
    signature = token.using(key_id, lambda key: key.sign(digest, mechanism=Mechanism.ECDSA))
    half = len(signature) // 2
    return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))


def mac(token: Token, key_id: bytes, hash_name: str, message: bytes) -> bytes:
    """HMAC of `message`."""
    mechanism = HMAC[hash_name]
    return token.using(key_id, lambda key: key.sign(message, mechanism=mechanism))
