# SPDX-License-Identifier: Apache-2.0
"""What all certificates that we sign have in common (RFC 5280 §4.1, §4.2.1.3). Times are UTC."""

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CLOCK_SKEW = dt.timedelta(hours=1)
"""How far before now a certificate begins, for peers whose clocks are behind."""

_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
    "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def certificate_of(
    key: ec.EllipticCurvePublicKey,
    subject: x509.Name,
    issuer: x509.Name,
    start: dt.datetime,
    end: dt.datetime,
) -> x509.CertificateBuilder:
    """The beginning of a certificate, with a serial number of its own."""
    return x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer,
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=start,
        not_valid_after=end,
    )


def common_name(name: str) -> x509.Name:
    """A distinguished name of one part."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def key_usage(*usages: str) -> x509.KeyUsage:
    """These usages, named as `cryptography` names them, and no other; ValueError for another."""
    if unknown := set(usages).difference(_USAGES):
        raise ValueError(f"no key usage: {', '.join(sorted(unknown))}")
    return x509.KeyUsage(**{each: each in usages for each in _USAGES})
