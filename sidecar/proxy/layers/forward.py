# SPDX-License-Identifier: Apache-2.0
"""The top layer of a forward listener's client: HTTP to the proxy, and TLS once it is intercepted.

After CONNECT to a host that rules name nothing may come but TLS, which is answered in that host's
name, and in it nothing but HTTP/1.1: other bytes end the connection, and go nowhere (law 1).
"""

import asyncio
import logging

from mitmproxy.proxy import commands, context, events, layer
from mitmproxy.proxy.layers.tls import ClientTLSLayer

from sidecar.proxy.destination import Destination
from sidecar.proxy.first_bytes import HANDSHAKE
from sidecar.proxy.forwarding import Forwarding
from sidecar.proxy.guard import whereabouts
from sidecar.proxy.layers.http1 import Http1Layer
from sidecar.proxy.layers.http1.alarm import Alarm
from sidecar.proxy.layers.signals import CUT
from sidecar.proxy.settings import Upstream

logger = logging.getLogger(__name__)


class ForwardLayer(layer.Layer):
    """The life of one client connection."""

    def __init__(
        self, outer: context.Context, service: Forwarding, may_read: asyncio.Event
    ) -> None:
        super().__init__(outer)
        self._service = service
        self._may_read = may_read
        self._front = Http1Layer(outer, service, may_read)
        self._current: layer.Layer = self._front
        self._awaits_hello = False
        self._out: list[commands.Command] = []
        self._alarm = Alarm(self._out)

    def handle_event(self, event: events.Event) -> list[commands.Command]:  # type: ignore[override]
        """What to do upon `event`."""
        try:
            self._dispatch(event)
        except Exception as error:  # noqa: BLE001 - the last line of law 1
            logger.error("a connection was broken off: %s", whereabouts(error))  # noqa: TRY400 - no values
            self._out.clear()
            self._cut()
        out = self._out.copy()
        self._out.clear()
        return out

    _handle_event = handle_event  # type: ignore[assignment]

    def _dispatch(self, event: events.Event) -> None:
        if isinstance(event, events.Wakeup) and self._alarm.rings(event):
            if not self.context.client.tls_established:
                self._cut()
        elif (
            self._awaits_hello
            and isinstance(event, events.DataReceived)
            and not self._is_tls(event.data)
        ):
            self._cut()
        else:
            self._out += self._current.handle_event(event)
            upstream = self._front.intercepted
            if upstream is not None and self._current is self._front:
                self._intercept(upstream)

    def _is_tls(self, data: bytes) -> bool:
        self._awaits_hello = False
        if data.startswith(HANDSHAKE):
            return True
        self._service.stats.refusals["not_tls"] += 1
        logger.warning("a client asked for a host that rules name by CONNECT, and spoke no TLS")
        return False

    def _intercept(self, upstream: Upstream) -> None:
        """From now on speak TLS in the name of `upstream`, and to it for what comes in there."""
        inner = self.context.fork()
        inner.server = Destination.of(upstream)
        self._current = tls = ClientTLSLayer(inner)
        tls.child_layer = Http1Layer(inner, self._service.inside(upstream), self._may_read)
        self._awaits_hello = True
        self._alarm.set(self._service.limits.header_seconds)
        self._out += tls.handle_event(events.Start())
        if rest := self._front.reader.take_rest():
            self._dispatch(events.DataReceived(self.context.client, rest))

    def _cut(self) -> None:
        client = self.context.client
        client.error = CUT
        self._out.append(commands.CloseConnection(client))
