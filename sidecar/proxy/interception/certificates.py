# SPDX-License-Identifier: Apache-2.0
"""What a CA of ours and the leaves under a CA look like (RFC 5280; strict verification passes).

A CA is good for the hosts that it was made for and no other: its name constraints (§4.2.1.10,
critical) permit these names and addresses alone. A permitted name permits what stands below it,
which is the profile's and not ours to change. ECDSA on P-256; times are UTC.
"""

import datetime as dt
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from sidecar.certificates import CLOCK_SKEW, certificate_of, common_name, key_usage
from sidecar.proxy.pem import Key

CA_LIFETIME = dt.timedelta(days=30)
LEAF_LIFETIME = dt.timedelta(days=2)

_COMMON_NAME = "Envelope Sidecar CA"
_NO_NAME = x509.DNSName("invalid")  # RFC 6761 §6.4: nobody has it
_ALL_ADDRESSES = [
    x509.IPAddress(ipaddress.ip_network(network)) for network in ("0.0.0.0/0", "::/0")
]
_BACKED_HASH = (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)


@dataclass(frozen=True, slots=True)
class Ca:
    """A certificate that signs, its key, and what stands above it on the way to what is trusted."""

    certificate: x509.Certificate
    key: Key = field(repr=False)
    above: tuple[x509.Certificate, ...] = ()

    def permits(self, host: str) -> bool:
        """Whether a leaf for `host`, a DNS name or an address, would be believed."""
        name = _general_name(host)
        return _permits(name, _constraints(self.certificate))

    def is_in_force(self, now: dt.datetime) -> bool:
        return self.certificate.not_valid_before_utc <= now < self.certificate.not_valid_after_utc


def make_ca(hosts: Iterable[str], key: ec.EllipticCurvePrivateKey, now: dt.datetime) -> Ca:
    """The CA with `key` for `hosts`; one made again has another certificate and is the same CA."""
    name = common_name(_COMMON_NAME)
    public = key.public_key()
    builder = certificate_of(public, name, name, now - CLOCK_SKEW, now + CA_LIFETIME)
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage("key_cert_sign"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(_constrained(hosts), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Ca(certificate, key)


def make_leaf(ca: Ca, host: str, now: dt.datetime) -> tuple[x509.Certificate, Key]:
    """A certificate for `host` under `ca`, within the CA's own life, and its new key."""
    key = ec.generate_private_key(ec.SECP256R1())
    start = max(now - CLOCK_SKEW, ca.certificate.not_valid_before_utc)
    end = min(now + LEAF_LIFETIME, ca.certificate.not_valid_after_utc)
    names = x509.SubjectAlternativeName([_general_name(host)])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = certificate_of(
        key.public_key(), common_name("Envelope Sidecar"), ca.certificate.subject, start, end
    )
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(names, critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(_issuer_identifier(ca.certificate), critical=False)
        .sign(ca.key, hashes.SHA256() if isinstance(ca.key, _BACKED_HASH) else None)
    )
    return certificate, key


def hosts_of(certificate: x509.Certificate) -> set[str]:
    """The hosts that a CA of ours was made for."""
    constraints = _constraints(certificate)
    permitted = constraints.permitted_subtrees or () if constraints else ()
    names = {each.value for each in permitted if isinstance(each, x509.DNSName)}
    networks = [each.value for each in permitted if isinstance(each, x509.IPAddress)]
    return names - {_NO_NAME.value} | {str(network).partition("/")[0] for network in networks}


def _constrained(hosts: Iterable[str]) -> x509.NameConstraints:
    """These hosts alone. What a kind of name is not constrained in it may be anything in."""
    names = [_general_name(host) for host in sorted(set(hosts))]
    permitted: list[x509.GeneralName] = [n for n in names if isinstance(n, x509.DNSName)]
    networks = [
        x509.IPAddress(ipaddress.ip_network(n.value))
        for n in names
        if isinstance(n, x509.IPAddress)
    ]
    return x509.NameConstraints(
        permitted_subtrees=[*(permitted or [_NO_NAME]), *networks],
        excluded_subtrees=None if networks else _ALL_ADDRESSES,
    )


def _constraints(certificate: x509.Certificate) -> x509.NameConstraints | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return None


def _permits(name: x509.GeneralName, constraints: x509.NameConstraints | None) -> bool:
    if constraints is None:
        return True
    kind = type(name)
    permitted = [each for each in constraints.permitted_subtrees or () if type(each) is kind]
    excluded = [each for each in constraints.excluded_subtrees or () if type(each) is kind]
    return not any(_is_within(name, each) for each in excluded) and (
        not permitted or any(_is_within(name, each) for each in permitted)
    )


def _is_within(name: x509.GeneralName, subtree: x509.GeneralName) -> bool:
    if isinstance(name, x509.IPAddress) and isinstance(subtree, x509.IPAddress):
        address, network = ipaddress.ip_network(name.value), ipaddress.ip_network(subtree.value)
        return address.version == network.version and address[0] in network
    under = str(subtree.value).lstrip(".")
    return str(name.value) == under or str(name.value).endswith(f".{under}")


def _general_name(host: str) -> x509.DNSName | x509.IPAddress:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _issuer_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    try:
        found = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())  # type: ignore[arg-type]
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(found.value)
