# SPDX-License-Identifier: Apache-2.0
"""The public half of a pair, as it is told and as it is taken from callers."""

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from sidecar.kms.service import sm2
from sidecar.kms.service.public_keys import encrypt, max_plaintext, pem, spec_of


def der(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


RSA = der(rsa.generate_private_key(65537, 2048))
EC = der(ec.generate_private_key(ec.SECP256R1()))
SM2 = sm2.generate()[1]


def test_pem_is_read_by_others() -> None:
    for key in (RSA, EC):
        loaded = load_pem_public_key(pem(key).encode())
        assert loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == key
        assert loaded.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) == (
            pem(key).encode()
        )


def test_a_key_of_a_caller_is_known_by_what_it_is() -> None:
    assert spec_of(RSA) == "RSA_2048"
    assert spec_of(SM2) == "EC_SM2"
    for other in (EC, b"", b"\x30", RSA[:-1], SM2[:-1], bytes(300)):
        assert spec_of(other) is None


def test_the_longest_plaintexts_are_those_of_the_documents() -> None:
    assert max_plaintext(RSA, "RSAES_OAEP_SHA_256") == 190
    assert max_plaintext(RSA, "RSAES_OAEP_SHA_1") == 214
    for key, algorithm in ((RSA, "RSAES_OAEP_SHA_256"), (RSA, "RSAES_OAEP_SHA_1")):
        assert len(encrypt(key, algorithm, bytes(max_plaintext(key, algorithm)))) == 256
