# SPDX-License-Identifier: Apache-2.0
"""Which public keys are taken for the trail's."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sidecar.errors import Misconfigured
from sidecar.kms.audit.checkpoint import read_key

OTHERS = {
    "P-384": ec.generate_private_key(ec.SECP384R1()),
    "secp256k1": ec.generate_private_key(ec.SECP256K1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate(),
    "RSA": rsa.generate_private_key(65537, 2048),
}


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_a_key_of_the_curve_that_the_token_signs_on() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    assert read_key(pem(key), "audit.pem") == key.public_key()


@pytest.mark.parametrize("key", OTHERS.values(), ids=OTHERS)
def test_no_other(key: ec.EllipticCurvePrivateKey) -> None:
    with pytest.raises(Misconfigured, match=r"audit\.pem: is no public key"):
        read_key(pem(key), "audit.pem")


def test_nothing_else() -> None:
    with pytest.raises(Misconfigured, match=r"audit\.pem: is no public key"):
        read_key(b"-----BEGIN PUBLIC KEY-----\n", "audit.pem")
