# SPDX-License-Identifier: Apache-2.0
"""One listener of ours as a mode of mitmproxy: it accepts clients and stacks their layers.

The stack is fixed by the settings (TLS when the listener shows a certificate, then HTTP/1, in a
forward listener's form where it is one), not guessed from the first bytes as by mitmproxy's
`NextLayer`: nothing can come in that is passed raw because it looks like another protocol.
"""

import asyncio
import socket
from collections.abc import Iterable
from typing import Protocol

from mitmproxy.master import Master
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import Layer
from mitmproxy.proxy.layers.tls import ClientTLSLayer
from mitmproxy.proxy.mode_servers import AsyncioServerInstance
from mitmproxy.proxy.mode_specs import ProxyMode

from sidecar.proxy.doors import Acceptor
from sidecar.proxy.forwarding import Forwarding
from sidecar.proxy.handler import Handler
from sidecar.proxy.layers.forward import ForwardLayer
from sidecar.proxy.layers.http1 import Http1Layer, Reverse
from sidecar.proxy.settings import Listener
from sidecar.proxy.tally import Tally


class Reception(Protocol):
    """Who keeps the clients of all listeners."""

    master: Master
    tally: Tally

    def admit(self, handler: Handler) -> bool:
        """Whether there is room for one more client; if so, it is counted."""

    def dismiss(self, handler: Handler) -> None:
        """The client is gone."""


class ListenerMode(ProxyMode):  # type: ignore[no-untyped-call]
    """`listener:INDEX@HOST:PORT`: the listener with that place in the settings."""

    description = "listener"
    transport_protocol = "tcp"

    def __post_init__(self) -> None:
        """Valid from birth: made from a valid `Listener` only."""


def listener_mode(index: int, listener: Listener) -> ListenerMode:
    """The mode of `listener`, the one at `index` of the settings."""
    spec = f"listener:{index}@{listener.host}:{listener.port}"
    return ListenerMode(spec, str(index), listener.host, listener.port)


class ListenerInstance(AsyncioServerInstance[ListenerMode]):  # type: ignore[no-untyped-call]
    """One listener at its listening sockets, `doors`."""

    def __init__(
        self,
        index: int,
        listener: Listener,
        doors: Iterable[socket.socket],
        service: Reverse | Forwarding,
        reception: Reception,
    ) -> None:
        super().__init__(listener_mode(index, listener), reception)
        self._listener = listener
        self._doors = doors
        self._service = service
        self._reception = reception

    async def listen(self, host: str, port: int) -> list[Acceptor]:  # type: ignore[override]  # noqa: ARG002 - bound already
        return [Acceptor(each, self.handle_stream, self._reception.tally) for each in self._doors]

    def make_top_layer(self, context: Context) -> Layer:
        """Only `handle_stream` makes layers: they need the client's handler."""
        raise NotImplementedError

    def _http(self, context: Context, may_read: asyncio.Event) -> Layer:
        if isinstance(self._service, Forwarding):
            return ForwardLayer(context, self._service, may_read)
        return Http1Layer(context, self._service, may_read)

    async def handle_stream(  # type: ignore[override]
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serve one client from its first byte to its last."""
        handler = Handler(self._reception.master, reader, writer, self.mode)
        if not self._reception.admit(handler):
            writer.transport.abort()
            return
        context = handler.layer.context
        try:
            # First the inner layer: `ClientTLSLayer` takes for granted that one was made before it.
            handler.layer = inner = self._http(context, handler.may_read)
            if self._listener.tls is None:
                await handler.handle_client()
                return
            handler.layer = outer = ClientTLSLayer(context)
            outer.child_layer = inner
            timer = handler.expect_handshake_within(self._service.limits.header_seconds)
            await handler.handle_client()
            timer.cancel()
        finally:
            self._reception.dismiss(handler)
            if not writer.is_closing():  # it was ended before it had begun to read
                writer.transport.abort()
