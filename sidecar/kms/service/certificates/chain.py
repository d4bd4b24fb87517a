# SPDX-License-Identifier: Apache-2.0
"""What a CA gave: read strictly, and proved to hang together.

Whom to trust is for those who meet the certificate; here is only proved that it is a certificate
of our key, and that each certificate was issued by the next (RFC 5280, section 6.1, without an
anchor), none of which has ended.
"""

import warnings
from collections.abc import Sequence
from datetime import UTC, datetime

from asn1crypto.x509 import Certificate as Asn1Certificate
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning

from sidecar.kms.service import sm2
from sidecar.kms.service.certificates.digests import SM2DSA, digest

MAX_TEXT = 65536
"""Characters of PEM."""
MAX_CHAIN = 10
_SM2_WITH_SM3 = x509.ObjectIdentifier("1.2.156.10197.1.501")
_UNREADABLE = (
    CryptographyDeprecationWarning,  # what RFC 5280 forbids and is read for now: a serial of 0
    LookupError,  # cryptography, for a type of text that a name should not have
    TypeError,  # asn1crypto, for a type that stands where another should
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


class ChainBrokenError(Exception):
    """These certificates do not belong together."""


def read_certificate(text: str) -> x509.Certificate:
    """One certificate in PEM; raise ValueError."""
    certificates = read_chain(text)
    if len(certificates) != 1:
        raise ValueError
    return certificates[0]


def read_chain(text: str) -> list[x509.Certificate]:
    """Certificates in PEM and nothing else beside them, a private key least of all."""
    if len(text) > MAX_TEXT:
        raise ValueError
    try:
        with warnings.catch_warnings(action="error", category=CryptographyDeprecationWarning):
            certificates = x509.load_pem_x509_certificates(text.encode())
        for certificate in certificates:
            # What is not read before it is asked for would fail in the midst of a later call.
            _ = (certificate.subject, certificate.issuer, certificate.extensions)
            _public_key(certificate)
    except _UNREADABLE as error:
        raise ValueError from error
    if text.count("-----BEGIN") != len(certificates) or len(certificates) > MAX_CHAIN:
        raise ValueError
    return certificates


def pem(certificates: Sequence[x509.Certificate]) -> str:
    """In one spelling, whatever text they were read from."""
    return "".join(one.public_bytes(Encoding.PEM).decode("ascii") for one in certificates)


def belongs(certificate: x509.Certificate, public: bytes, now: int) -> bool:
    """Whether it is a certificate for this key (DER), and has not ended."""
    return _public_key(certificate) == public and _lasts(certificate, now)


def check_chain(certificate: x509.Certificate, chain: Sequence[x509.Certificate], now: int) -> None:
    """Raise ChainBrokenError unless each was issued by the next, which may do that."""
    for below, (issued, issuer) in enumerate(zip((certificate, *chain), chain, strict=False)):
        if not (_lasts(issuer, now) and _may_issue(issuer, below) and _is_issued(issued, issuer)):
            raise ChainBrokenError


def _lasts(certificate: x509.Certificate, now: int) -> bool:
    return certificate.not_valid_after_utc > datetime.fromtimestamp(now, UTC)


def _may_issue(issuer: x509.Certificate, below: int) -> bool:
    """Whether it is a CA's, for as many CAs `below` it (RFC 5280, sections 4.2.1.3, 4.2.1.9)."""
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return False
    limit = constraints.path_length
    if not constraints.ca or (limit is not None and limit < below):
        return False
    try:
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.key_cert_sign


def _is_issued(issued: x509.Certificate, issuer: x509.Certificate) -> bool:
    public = _public_key(issuer)
    if sm2.is_public_key(public):
        told = digest(SM2DSA, public, issued.tbs_certificate_bytes)
        return (
            issued.issuer == issuer.subject
            and issued.signature_algorithm_oid == _SM2_WITH_SM3
            and sm2.verify(public, told, issued.signature)
        )
    try:
        issued.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False
    return True


def _public_key(certificate: x509.Certificate) -> bytes:
    """The DER of its SubjectPublicKeyInfo, of whatever kind."""
    parsed = Asn1Certificate.load(certificate.public_bytes(Encoding.DER), strict=True)
    der: bytes = parsed["tbs_certificate"]["subject_public_key_info"].dump()
    return der
