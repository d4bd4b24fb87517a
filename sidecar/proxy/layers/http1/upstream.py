# SPDX-License-Identifier: Apache-2.0
"""One connection to an upstream, plain or in TLS, on behalf of one client connection.

mitmproxy opens the socket and does the handshake (`ServerTLSLayer`, which demands a verified
certificate: `proxy/tls.py`); what is here keeps the state and gives decrypted bytes to the
exchange. Commands are appended to the layer's list; nothing is sent from here.
"""

from collections.abc import Iterable
from typing import Protocol

from mitmproxy import connection
from mitmproxy.proxy import commands, context, events, layer
from mitmproxy.proxy.layers.tls import ServerTLSLayer
from OpenSSL import SSL

from sidecar.proxy.layers.http1.reader import ResponseReader
from sidecar.proxy.settings import Limits, Upstream


class Owner(Protocol):
    """What a link needs of those that it belongs to."""

    layer: layer.Layer
    out: list[commands.Command]

    def await_reply(self, command: commands.Command, link: "Link") -> None:
        """Give `link` the event that completes `command`."""


class _Transmit(events.Event):
    def __init__(self, data: bytes) -> None:
        self.data = data


class _Open(events.Event):
    pass


class _Inside(layer.Layer):
    """The inner end of the TLS layer: turns our two events into commands, keeps what comes back."""

    def __init__(self, outer: context.Context) -> None:
        super().__init__(outer)
        self.inbox: list[events.Event] = []

    def handle_event(self, event: events.Event) -> layer.CommandGenerator[None]:
        if isinstance(event, _Transmit):
            yield commands.SendData(self.context.server, event.data)
        elif isinstance(event, _Open):
            command = commands.OpenConnection(self.context.server)
            command.blocking = self  # type: ignore[assignment]  # "handled here"
            yield command
        elif not isinstance(event, events.Start):
            self.inbox.append(event)

    _handle_event = handle_event


class Link:
    """An upstream connection that is opened on demand and kept while it is of use."""

    def __init__(self, owner: Owner, upstream: Upstream, limits: Limits) -> None:
        self._owner = owner
        self._limits = limits
        self._tunnel: ServerTLSLayer | None = None
        self._inside: _Inside | None = None
        self.upstream = upstream
        self.server: connection.Server | None = None
        self.is_open = False
        self.is_used = False
        """Whether it has carried an exchange before this one: it may have gone stale."""
        self.idle_since = 0.0
        """When that exchange ended."""
        self.reader = self._new_reader()

    def _new_reader(self) -> ResponseReader:
        return ResponseReader(self._limits.head_bytes, self._limits.head_fields)

    def connect(self) -> None:
        """Ask for a new connection; the answer arrives as an OpenConnectionCompleted."""
        self.server = connection.Server(address=(self.upstream.host, self.upstream.port))
        self.is_used = False
        self.reader = self._new_reader()
        if self.upstream.scheme == "https":
            self.server.sni = self.upstream.host
            inner = self._owner.layer.context.fork()
            inner.server = self.server
            self._tunnel = ServerTLSLayer(inner, self.server)
            self._tunnel.child_layer = self._inside = _Inside(inner)
            self._emit(self._tunnel.handle_event(events.Start()))
            self._emit(self._tunnel.handle_event(_Open()))
        else:
            command = commands.OpenConnection(self.server)
            command.blocking = self._owner.layer  # type: ignore[assignment]  # "handled there"
            self._emit((command,))

    def send(self, data: bytes) -> None:
        """Send `data` upstream; the link is open."""
        assert self.server is not None  # noqa: S101 - connect() went before
        if self._tunnel is None:
            self._owner.out.append(commands.SendData(self.server, data))
        else:
            self._emit(self._tunnel.handle_event(_Transmit(data)))

    def close(self) -> None:
        """Give the connection up; what it may still deliver is ignored."""
        if self.server is not None:
            self._owner.out.append(commands.CloseConnection(self.server))
        self.forget()

    def forget(self) -> None:
        """The connection is gone."""
        self.server = self._tunnel = self._inside = None
        self.is_open = False

    def unwrap(self, event: events.Event) -> Iterable[events.Event]:
        """What a transport event means inside TLS; without TLS, itself."""
        if self._tunnel is None or self._inside is None:
            return (event,)
        self._emit(self._tunnel.handle_event(event))
        inbox, self._inside.inbox = self._inside.inbox, []
        return inbox

    def ended_cleanly(self) -> bool:
        """Whether the end of the connection was the peer's wish and not an accident or attack."""
        if self._tunnel is not None:
            return bool(self._tunnel.tls.get_shutdown() & SSL.RECEIVED_SHUTDOWN)
        return self.server is not None and self.server.error is None

    def _emit(self, produced: Iterable[commands.Command]) -> None:
        for command in produced:
            if command.blocking:
                self._owner.await_reply(command, self)
            self._owner.out.append(command)
