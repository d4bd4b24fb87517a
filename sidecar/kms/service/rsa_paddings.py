# SPDX-License-Identifier: Apache-2.0
"""The paddings of the API's RSA algorithms, by their names."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

SHA_256 = hashes.SHA256()
_SHA_1 = hashes.SHA1()  # noqa: S303 - in OAEP no weakness of SHA-1 matters; old clients need it

SIGNING: dict[str, padding.AsymmetricPadding] = {
    "RSA_PKCS1_SHA_256": padding.PKCS1v15(),
    "RSA_PSS_SHA_256": padding.PSS(padding.MGF1(SHA_256), SHA_256.digest_size),
}
ENCRYPTING: dict[str, padding.AsymmetricPadding] = {
    "RSAES_OAEP_SHA_256": padding.OAEP(padding.MGF1(SHA_256), SHA_256, None),
    "RSAES_OAEP_SHA_1": padding.OAEP(padding.MGF1(_SHA_1), _SHA_1, None),
}
OVERHEAD = {"RSAES_OAEP_SHA_256": 2 * 32 + 2, "RSAES_OAEP_SHA_1": 2 * 20 + 2}
"""Bytes of the modulus that a plaintext cannot have (RFC 8017, section 7.1.1)."""
