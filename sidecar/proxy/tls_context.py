# SPDX-License-Identifier: Apache-2.0
"""TLS contexts: what a client is shown, and how an upstream is verified.

There is no way to turn verification off (law 8 would be worth nothing): an upstream shows a
certificate of an authority that is trusted, for the very name or address that it is reached by.
Nothing writes session keys, whatever SSLKEYLOGFILE says (law 5).
"""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from OpenSSL import SSL

from sidecar.errors import Misconfigured
from sidecar.proxy.pem import Key, read_certificates, read_private_key
from sidecar.proxy.settings import ServerTls

HTTP_1_1 = b"http/1.1"
_CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2; those of 1.3 are all good


class _Chain(NamedTuple):
    leaf: x509.Certificate
    above: Sequence[x509.Certificate]
    key: Key


def inward_context(tls: ServerTls) -> SSL.Context:
    """What a listener shows to clients, and whose certificates it verifies if they have any.

    Misconfigured for a bad file.
    """
    context = server_context(*_read_chain(tls.cert, tls.key))
    if tls.client_ca is not None:
        read_certificates(tls.client_ca)  # its complaints are plainer than OpenSSL's
        context.load_verify_locations(str(tls.client_ca))
        context.load_client_ca(str(tls.client_ca).encode())
        context.set_verify(SSL.VERIFY_PEER)
        # Every connection is verified by itself, also when its client was here before.
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_options(SSL.OP_NO_TICKET)
    return context


def server_context(
    leaf: x509.Certificate, above: Sequence[x509.Certificate], key: Key
) -> SSL.Context:
    """What clients are shown: TLS 1.2 or 1.3, this certificate chain, HTTP/1.1 alone."""
    context = _context(SSL.TLS_SERVER_METHOD)
    _show(context, _Chain(leaf, above, key))
    context.set_options(SSL.OP_CIPHER_SERVER_PREFERENCE)
    context.set_alpn_select_callback(_select_http_1_1)
    return context


def outward_context(
    ca: Path | None = None, client_cert: Path | None = None, client_key: Path | None = None
) -> SSL.Context:
    """What an upstream must show, and the client certificate that it may ask for."""
    context = _context(SSL.TLS_CLIENT_METHOD)
    context.set_verify(SSL.VERIFY_PEER)
    context.set_alpn_protos([HTTP_1_1])
    if ca is None:
        context.set_default_verify_paths()
    else:
        read_certificates(ca)  # its complaints are plainer than OpenSSL's
        context.load_verify_locations(str(ca))
    if client_cert is not None and client_key is not None:
        _show(context, _read_chain(client_cert, client_key))
    return context


def outward_connection(host: str, context: SSL.Context) -> SSL.Connection:
    """A connection that is only made with the holder of a certificate for `host`."""
    connection = SSL.Connection(context)
    # pyOpenSSL has no public name for these; mitmproxy reaches for them in the same way.
    lib, handle = SSL._lib, connection._ssl  # type: ignore[attr-defined]  # noqa: SLF001
    wanted = lib.SSL_get0_param(handle)
    try:
        address = ipaddress.ip_address(host).packed
    except ValueError:
        name = host.encode("idna")
        connection.set_tlsext_host_name(name)  # RFC 6066, section 3: names only, no addresses
        done = lib.X509_VERIFY_PARAM_set1_host(wanted, name, len(name))
    else:
        done = lib.X509_VERIFY_PARAM_set1_ip(wanted, address, len(address))
    if done != 1:
        raise RuntimeError("OpenSSL did not take the name to verify")
    # RFC 9525, section 6.3: a wildcard stands for a whole label, and the subject's CN is no name.
    flags = lib.X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | lib.X509_CHECK_FLAG_NEVER_CHECK_SUBJECT
    lib.X509_VERIFY_PARAM_set_hostflags(wanted, flags)
    connection.set_connect_state()
    return connection


def _context(method: int) -> SSL.Context:
    context = SSL.Context(method)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_cipher_list(_CIPHERS)
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_NO_RENEGOTIATION)
    return context


def _select_http_1_1(
    _: SSL.Connection, offered: list[bytes]
) -> bytes | SSL._NoOverlappingProtocols:
    return HTTP_1_1 if HTTP_1_1 in offered else SSL.NO_OVERLAPPING_PROTOCOLS


def _read_chain(cert: Path, key: Path) -> _Chain:
    """The chain in `cert`, proved to be in force and of `key`."""
    leaf, *above = read_certificates(cert)
    now = datetime.now(UTC)
    if now >= leaf.not_valid_after_utc:
        raise Misconfigured(f"{cert}: expired on {leaf.not_valid_after_utc:%Y-%m-%d %H:%M} UTC")
    if now < leaf.not_valid_before_utc:
        raise Misconfigured(f"{cert}: not valid before {leaf.not_valid_before_utc:%Y-%m-%d %H:%M}")
    private = read_private_key(key)
    if private.public_key() != leaf.public_key():
        raise Misconfigured(f"{key}: not the key of the first certificate in {cert}")
    return _Chain(leaf, above, private)


def _show(context: SSL.Context, chain: _Chain) -> None:
    context.use_certificate(chain.leaf)
    for certificate in chain.above:
        context.add_extra_chain_cert(certificate)
    context.use_privatekey(chain.key)
