# SPDX-License-Identifier: Apache-2.0
"""TLS on both legs, as mitmproxy's hooks ask for it.

`Tls` reads every file once, at start, and answers the two hooks with connections of its own
contexts. mitmproxy's `TlsConfig` addon, which would make up certificates, is not loaded: a
connection that this one gives no context to fails.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from mitmproxy.connection import Client
from mitmproxy.proxy.context import Context
from mitmproxy.tls import TlsData
from OpenSSL import SSL

from sidecar.errors import Misconfigured
from sidecar.proxy.clients import keep_verified
from sidecar.proxy.destination import Destination
from sidecar.proxy.interception import Leaves, ca_source
from sidecar.proxy.naming import canonical_host, read_destination
from sidecar.proxy.settings import Forward, Listener, ProxySettings, Upstream
from sidecar.proxy.tls_context import inward_context, outward_connection, outward_context

logger = logging.getLogger(__name__)

_VERIFIED = ("https", "forward")


class Tls:
    """The contexts of every listener and upstream of `settings`; Misconfigured for a bad file.

    `listener_of` tells which listener a client of mitmproxy came in by, and `hosts` which
    destinations rules name, whom clients of forward listeners will see a certificate of ours for.
    """

    def __init__(
        self,
        settings: ProxySettings,
        listener_of: Callable[[Context], Listener],
        hosts: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self._listener_of = listener_of
        self._inward = {
            listener.tls: inward_context(listener.tls)
            for listener in settings.listeners
            if listener.tls is not None
        }
        upstreams = [listener.upstream for listener in settings.listeners]
        self._outward = {
            _files(upstream): outward_context(*_files(upstream))
            for upstream in (*upstreams, settings.kms)
            if upstream is not None and upstream.scheme in _VERIFIED
        }
        self._leaves: Leaves | None = None
        if settings.ca is not None and any(isinstance(each, Forward) for each in upstreams):
            source = ca_source(settings.ca)
            source.ready([read_destination(each, None)[0] for each in hosts()], datetime.now(UTC))
            self._leaves = Leaves(source)

    def tls_start_client(self, data: TlsData) -> None:
        """Towards a client: of the listener, or in the name of the host that it asked for."""
        server = data.context.server
        if isinstance(server, Destination):
            context = self._in_the_name_of(server.upstream.host, data.conn.sni)
        else:
            tls = self._listener_of(data.context).tls
            context = None if tls is None else self._inward[tls]
        if context is not None:
            data.ssl_conn = SSL.Connection(context)
            data.ssl_conn.set_accept_state()

    def tls_established_client(self, data: TlsData) -> None:
        """A client's handshake is done, and before it whatever its listener asks of it."""
        assert isinstance(data.conn, Client)  # noqa: S101 - as the hook's name says
        assert data.ssl_conn is not None  # noqa: S101 - we have made it
        keep_verified(data.conn, data.ssl_conn)

    def _in_the_name_of(self, host: str, sni: str | None) -> SSL.Context | None:
        if sni is not None and canonical_host(sni) != host:
            logger.warning("a client asked for %s by CONNECT and for another host in TLS", host)
            return None
        assert self._leaves is not None  # noqa: S101 - the settings see to it
        try:
            return self._leaves.context(host)
        except Misconfigured as error:
            logger.error("%s cannot be intercepted: %s", host, error.why)  # noqa: TRY400 - said
            return None

    def tls_start_server(self, data: TlsData) -> None:
        """Towards an upstream."""
        server = data.conn
        if isinstance(server, Destination):
            upstream = server.upstream
            data.ssl_conn = outward_connection(upstream.host, self._outward[_files(upstream)])
        else:
            logger.error("TLS was asked for towards an upstream that has none configured")


def _files(upstream: Upstream | Forward) -> tuple[Path | None, Path | None, Path | None]:
    """What tells one way to verify an upstream from another."""
    return upstream.ca, upstream.client_cert, upstream.client_key
