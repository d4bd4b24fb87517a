# SPDX-License-Identifier: Apache-2.0
"""TLS on both legs: what a listener shows to clients, and how an upstream is verified.

`Tls` reads every file once, at start, and answers mitmproxy's two hooks with connections of its
own contexts. mitmproxy's `TlsConfig` addon, which would make up certificates, is not loaded: a
connection that this one gives no context to fails.
"""

import logging
from collections.abc import Callable

from mitmproxy.proxy.context import Context
from mitmproxy.tls import TlsData
from OpenSSL import SSL

from sidecar.errors import Misconfigured
from sidecar.proxy.settings import Listener, ProxySettings, Upstream
from sidecar.proxy.tls_context import inward_context, outward_connection, outward_context

logger = logging.getLogger(__name__)


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
            if isinstance(upstream, Upstream) and upstream.scheme == "https":
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
            upstream, context = found
            data.ssl_conn = outward_connection(upstream.host, context)
