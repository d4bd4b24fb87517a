# SPDX-License-Identifier: Apache-2.0
"""What is told of a certificate is what stands in it."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from sidecar.kms.service.certificates.description import describe
from sidecar.kms.service.names import Place
from sidecar.kms.store import Certificate
from tests.kms.issuing import MIDDLE, PublicKey, named, pem

PLACE = Place("r", "1")
EC = ec.generate_private_key(ec.SECP256R1()).public_key()
RSA = rsa.generate_private_key(65537, 2048).public_key()
DOMAINS = x509.SubjectAlternativeName([x509.DNSName("a.example"), x509.RFC822Name("a@b.example")])


def active(spec: str, public: PublicKey, certificate: str) -> Certificate:
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return Certificate("c", spec, True, "ACTIVE", None, der, "", 0, 60, certificate)  # noqa: FBT003 - a row


@pytest.mark.parametrize(("spec", "public"), [("RSA_2048", RSA), ("EC_P256", EC)])
def test_the_key_is_told_as_others_tell_it(spec: str, public: PublicKey) -> None:
    issued = pem(MIDDLE.issue(public, named("us")))
    told = describe(PLACE, active(spec, public, issued), {})
    identifier = x509.SubjectKeyIdentifier.from_public_key(public).digest
    assert bytes.fromhex(str(told["SubjectKeyIdentifier"])) == identifier
    assert load_pem_public_key(str(told["SubjectPublicKey"]).encode()) == public


def test_the_rest_is_told_as_the_ca_wrote_it() -> None:
    made = MIDDLE.issue(EC, named("not whom we asked for"), DOMAINS)
    told = describe(PLACE, active("EC_P256", EC, pem(made)), {"a": "b"})
    assert told["Arn"] == "acs:kms:r:1:certificate/c"
    assert told["Subject"] == "CN=not whom we asked for"
    assert told["SubjectAlternativeNames"] == ["a.example"]
    assert told["Issuer"] == "CN=middle"
    assert told["Serial"] == str(made.serial_number)
    assert told["SignatureAlgorithm"] == "ECDSA-SHA256"
    assert (told["CreatedAt"], told["UpdatedAt"]) == (
        "1970-01-01T00:00:00Z",
        "1970-01-01T00:01:00Z",
    )
    assert told["Tags"] == [{"TagKey": "a", "TagValue": "b"}]
