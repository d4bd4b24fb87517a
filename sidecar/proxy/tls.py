# SPDX-License-Identifier: Apache-2.0
"""TLS on both legs: what a listener shows to clients, and how an upstream is verified.

`Tls` reads every file once, at start, and answers mitmproxy's two hooks with connections of its
own contexts. mitmproxy's `TlsConfig` addon, which would make up certificates, is not loaded: a
connection that this one gives no context to fails.

There is no way to turn verification off (law 8 would be worth nothing): an upstream shows a
certificate of an authority that is trusted, for the very name or address that the listener is
configured to reach. Nothing writes session keys, whatever SSLKEYLOGFILE says (law 5).
"""

import ipaddress
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from mitmproxy.proxy.context import Context
from mitmproxy.tls import TlsData
from OpenSSL import SSL

from sidecar.errors import Misconfigured
from sidecar.private_file import read_private
from sidecar.proxy.settings import Listener, ProxySettings, ServerTls, Upstream

logger = logging.getLogger(__name__)

HTTP_1_1 = b"http/1.1"
_CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20"  # of TLS 1.2; those of 1.3 are all good
_Key = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)


class Tls:
    """The contexts of every listener and upstream of `settings`; Misconfigured for a bad file.

    `listener_of` tells which listener a client of mitmproxy came in by.
    """

    def __init__(self, settings: ProxySettings, listener_of: Callable[[Context], Listener]) -> None:
        self._listener_of = listener_of
        self._inward = {
            listener.tls: inward_context(listener.tls)
            for listener in settings.listeners
            if listener.tls is not None
        }
        self._outward: dict[tuple[str, int], tuple[Upstream, SSL.Context]] = {}
        upstreams = [listener.upstream for listener in settings.listeners]
        for upstream in (*upstreams, settings.kms):
            if upstream is not None and upstream.scheme == "https":
                self._trust(upstream)

    def _trust(self, upstream: Upstream) -> None:
        known, _ = self._outward.setdefault(
            (upstream.host, upstream.port), (upstream, outward_context(upstream))
        )
        if known != upstream:
            raise Misconfigured(f"{upstream.authority} stands here with two kinds of upstream_tls")

    def tls_start_client(self, data: TlsData) -> None:
        """Towards a client."""
        tls = self._listener_of(data.context).tls
        if tls is not None:
            data.ssl_conn = SSL.Connection(self._inward[tls])
            data.ssl_conn.set_accept_state()

    def tls_start_server(self, data: TlsData) -> None:
        """Towards an upstream."""
        address = data.conn.address  # type: ignore[attr-defined]  # `conn` is a Server here
        found = self._outward.get(address[:2]) if address else None
        if found is None:
            logger.error("TLS was asked for towards an upstream that has none configured")
        else:
            data.ssl_conn = outward_connection(*found)


def inward_context(tls: ServerTls) -> SSL.Context:
    """What a listener shows to clients: TLS 1.2 or 1.3, its certificate chain, HTTP/1.1 alone."""
    context = _context(SSL.TLS_SERVER_METHOD)
    _show(context, tls.cert, tls.key)
    context.set_options(SSL.OP_CIPHER_SERVER_PREFERENCE)
    context.set_alpn_select_callback(_select_http_1_1)
    return context


def outward_context(upstream: Upstream) -> SSL.Context:
    """What an upstream must show, and the client certificate that it may ask for."""
    context = _context(SSL.TLS_CLIENT_METHOD)
    context.set_verify(SSL.VERIFY_PEER)
    context.set_alpn_protos([HTTP_1_1])
    if upstream.ca is None:
        context.set_default_verify_paths()
    else:
        _certificates(upstream.ca)  # its complaints are plainer than OpenSSL's
        context.load_verify_locations(str(upstream.ca))
    if upstream.client_cert is not None and upstream.client_key is not None:
        _show(context, upstream.client_cert, upstream.client_key)
    return context


def outward_connection(upstream: Upstream, context: SSL.Context) -> SSL.Connection:
    """A connection that is only made with the holder of a certificate for `upstream.host`."""
    connection = SSL.Connection(context)
    # pyOpenSSL has no public name for these; mitmproxy reaches for them in the same way.
    lib, handle = SSL._lib, connection._ssl  # type: ignore[attr-defined]  # noqa: SLF001
    wanted = lib.SSL_get0_param(handle)
    try:
        address = ipaddress.ip_address(upstream.host).packed
    except ValueError:
        name = upstream.host.encode("idna")
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


def _show(context: SSL.Context, cert: Path, key: Path) -> None:
    """Let `context` show the chain in `cert`, proved to be whole, in force and of `key`."""
    leaf, *chain = _certificates(cert)
    now = datetime.now(UTC)
    if now >= leaf.not_valid_after_utc:
        raise Misconfigured(f"{cert}: expired on {leaf.not_valid_after_utc:%Y-%m-%d %H:%M} UTC")
    if now < leaf.not_valid_before_utc:
        raise Misconfigured(f"{cert}: not valid before {leaf.not_valid_before_utc:%Y-%m-%d %H:%M}")
    private = _private_key(key)
    if private.public_key() != leaf.public_key():
        raise Misconfigured(f"{key}: not the key of the first certificate in {cert}")
    context.use_certificate(leaf)
    for certificate in chain:
        context.add_extra_chain_cert(certificate)
    context.use_privatekey(private)


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise Misconfigured(f"{path}: no certificates in PEM") from None


def _private_key(path: Path) -> _Key:
    content = read_private(path)
    try:
        key = load_pem_private_key(content, password=None)
    except TypeError:
        raise Misconfigured(f"{path}: the key is locked by a passphrase; unlock it") from None
    except (ValueError, UnsupportedAlgorithm):
        raise Misconfigured(f"{path}: no private key in PEM") from None
    if not isinstance(key, _Key):
        raise Misconfigured(f"{path}: a {type(key).__name__} is not for TLS")
    return key
