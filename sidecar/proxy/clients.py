# SPDX-License-Identifier: Apache-2.0
"""Whom a client's certificate names, once its listener has verified it.

mitmproxy keeps every certificate that a client sends, and drops those that it cannot read, so that
the first of them need not be the one that was verified. Only a `Leaf` counts, which is taken from
OpenSSL itself when the handshake is done.
"""

from functools import lru_cache

from cryptography import x509
from mitmproxy.certs import Cert
from mitmproxy.connection import Client
from OpenSSL import SSL

_MOST_NAMES = 64
_COMMON_NAME = x509.NameOID.COMMON_NAME
_NOBODY: frozenset[str] = frozenset()


class Leaf(Cert):
    """The certificate of a client, which has proved to hold its key."""


def keep_verified(client: Client, connection: SSL.Connection) -> None:
    """Let `client` have the certificate that was verified, if any, and no other."""
    client.certificate_list = []
    if connection.get_verify_mode() & SSL.VERIFY_PEER:
        leaf = connection.get_peer_certificate(as_cryptography=True)
        client.certificate_list = [] if leaf is None else [Leaf(leaf)]


def names_of(client: Client) -> frozenset[str]:
    """The names in the certificate of `client`, as a `RequestHead` has them."""
    for certificate in client.certificate_list:
        if isinstance(certificate, Leaf):
            return _names(certificate)
    return _NOBODY


@lru_cache(maxsize=1024)
def _names(certificate: Leaf) -> frozenset[str]:
    leaf = certificate.to_cryptography()
    found = [f"cn:{name.value!s}" for name in leaf.subject.get_attributes_for_oid(_COMMON_NAME)]
    for extension in leaf.extensions:
        names = extension.value
        if isinstance(names, x509.SubjectAlternativeName):
            found += [
                f"uri:{name}" for name in names.get_values_for_type(x509.UniformResourceIdentifier)
            ]
            found += [f"dns:{name.lower()}" for name in names.get_values_for_type(x509.DNSName)]
    return frozenset(found) if len(found) <= _MOST_NAMES else _NOBODY
