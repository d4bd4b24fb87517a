# SPDX-License-Identifier: Apache-2.0
"""A certificate authority of one KMS core's own, and the server certificate that it signs.

Clients trust the authority, which stays; the server's certificate is signed anew long before it
ends, and whenever the KMS gets another name. ECDSA on P-256; the profile is that of RFC 5280, with
all that strict verification (`VERIFY_X509_STRICT`) asks for. Times are UTC.
"""

import datetime as dt
import ipaddress
import re
from collections.abc import Collection
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from sidecar.certificates import CLOCK_SKEW, certificate_of, common_name, key_usage
from sidecar.errors import Misconfigured

AUTHORITY_LIFETIME = dt.timedelta(days=3653)
SERVER_LIFETIME = dt.timedelta(days=731)
RENEWAL = dt.timedelta(days=365)
"""A certificate with less than this before it is replaced at the next start."""

_DNS_NAME = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*",
    re.ASCII | re.IGNORECASE,
)


class Identity(NamedTuple):
    """A certificate and its private key, both PEM; the key is not to be printed."""

    certificate: str
    key: str

    def __repr__(self) -> str:
        return "Identity(…)"


def refuse_bad_names(hosts: Collection[str]) -> None:
    """Raise Misconfigured where one of `hosts` can stand in no certificate."""
    _names(hosts)


def first_name(certificate: str) -> str | None:
    """The first DNS name or IP address that the PEM `certificate` is for, where it has one."""
    try:
        names = (
            x509.load_pem_x509_certificate(certificate.encode())
            .extensions.get_extension_for_class(x509.SubjectAlternativeName)
            .value
        )
    except (ValueError, x509.ExtensionNotFound):
        return None
    kinds = (x509.DNSName, x509.IPAddress)
    return next((str(name.value) for name in names if isinstance(name, kinds)), None)


def make_authority(now: dt.datetime) -> Identity:
    """A new authority, which signs its own certificate and others but no further authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = common_name("Envelope Sidecar KMS CA")
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = certificate_of(
        key.public_key(), name, name, now - CLOCK_SKEW, now + AUTHORITY_LIFETIME
    )
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    return _identity(certificate, key)


def issue(authority: Identity, hosts: Collection[str], now: dt.datetime) -> Identity:
    """A server certificate for `hosts`, DNS names or IP addresses, with a new key."""
    issuer, issuer_key = _load(authority)
    key = ec.generate_private_key(ec.SECP256R1())
    issuer_identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    end = min(now + SERVER_LIFETIME, issuer.not_valid_after_utc)
    builder = certificate_of(
        key.public_key(), common_name("Envelope Sidecar KMS"), issuer.subject, now - CLOCK_SKEW, end
    )
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_names(hosts)), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(issuer_identifier, critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    return _identity(certificate, key)


def is_current(server: str, authority: str, hosts: Collection[str], now: dt.datetime) -> bool:
    """Whether the PEM `server` is of `authority`, for these `hosts`, and will last a while."""
    try:
        certificate = x509.load_pem_x509_certificate(server.encode())
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.encode()))
        named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is replaced
        return False
    is_for_hosts = set(named.value) == set(_names(hosts))
    return is_for_hosts and certificate.not_valid_after_utc - now >= RENEWAL


def _names(hosts: Collection[str]) -> list[x509.GeneralName]:
    return [_general_name(host) for host in dict.fromkeys(hosts)]


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        if not _DNS_NAME.fullmatch(host):
            raise Misconfigured(f"{host!r} is neither a host name nor an IP address") from None
        return x509.DNSName(host.lower())


def _identity(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Identity:
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Identity(certificate.public_bytes(pem).decode(), private.decode())


def _load(identity: Identity) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    try:
        certificate = x509.load_pem_x509_certificate(identity.certificate.encode())
        key = serialization.load_pem_private_key(identity.key.encode(), password=None)
    except ValueError:
        raise Misconfigured("the CA of this KMS core cannot be read: it is not PEM") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != (
        certificate.public_key()
    ):
        raise Misconfigured("the CA of this KMS core has another key than its certificate")
    return certificate, key
