# SPDX-License-Identifier: Apache-2.0
"""What is told about a certificate. Until there is one, subject and names are those asked for."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from asn1crypto.keys import PublicKeyInfo
from cryptography import x509

from sidecar.kms.service import public_keys
from sidecar.kms.service.metadata import timestamp
from sidecar.kms.service.names import Place
from sidecar.kms.store import Certificate

SIGNATURES = {"RSA_2048": "RSA2048-SHA256", "EC_P256": "ECDSA-SHA256", "EC_SM2": "SM2-SM3"}
"""The SignatureAlgorithm of each KeySpec."""


def describe(place: Place, certificate: Certificate, tags: Mapping[str, str]) -> dict[str, object]:
    """The answer of DescribeCertificate."""
    return {
        "Arn": place.certificate(certificate.certificate_id),
        "CertificateId": certificate.certificate_id,
        "KeySpec": certificate.key_spec,
        "Status": certificate.status,
        "ExportablePrivateKey": certificate.is_exportable,
        "SignatureAlgorithm": SIGNATURES[certificate.key_spec],
        "SubjectPublicKey": public_keys.pem(certificate.public_key),
        "SubjectKeyIdentifier": _key_identifier(certificate.public_key),
        "CreatedAt": timestamp(certificate.created_at),
        "UpdatedAt": timestamp(certificate.updated_at),
        "Tags": [{"TagKey": name, "TagValue": value} for name, value in tags.items()],
        **_issued(certificate),
    }


def _issued(certificate: Certificate) -> dict[str, object]:
    if not certificate.certificate:
        request = x509.load_pem_x509_csr(certificate.csr.encode())
        return {
            "Subject": request.subject.rfc4514_string(),
            "SubjectAlternativeNames": _domains(request.extensions),
            **dict.fromkeys(("Issuer", "NotBefore", "NotAfter", "Serial"), ""),
        }
    issued = x509.load_pem_x509_certificate(certificate.certificate.encode())
    return {
        "Subject": issued.subject.rfc4514_string(),
        "SubjectAlternativeNames": _domains(issued.extensions),
        "Issuer": issued.issuer.rfc4514_string(),
        "NotBefore": _time(issued.not_valid_before_utc),
        "NotAfter": _time(issued.not_valid_after_utc),
        "Serial": str(issued.serial_number),
    }


def _domains(extensions: x509.Extensions) -> list[str]:
    try:
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return names.get_values_for_type(x509.DNSName)


def _key_identifier(public: bytes) -> str:
    """SHA-1 of the key's bits (RFC 5280, section 4.2.1.2), as the vendor writes it."""
    bits = bytes(PublicKeyInfo.load(public)["public_key"])
    return hashlib.sha1(bits, usedforsecurity=False).digest().hex(" ").upper()


def _time(moment: datetime) -> str:
    return timestamp(int(moment.timestamp()))
