# SPDX-License-Identifier: Apache-2.0
"""One connection to an upstream, plain or in TLS, on behalf of one client connection.

mitmproxy opens the socket and does the handshake (`ServerTLSLayer`, which demands a verified
certificate: `proxy/tls.py`), behind a tunnel where another proxy stands on the way; what is here
keeps the state and gives decrypted bytes to the exchange. Commands are appended to the layer's
list; nothing is sent from here.
"""

from collections.abc import Iterable
from typing import Protocol

from mitmproxy import connection
from mitmproxy.proxy import commands, context, events, layer
from mitmproxy.proxy.layers.tls import ServerTLSLayer
from mitmproxy.proxy.tunnel import LayerStack
from OpenSSL import SSL

from sidecar.proxy.destination import Destination
from sidecar.proxy.layers.http1.connect_tunnel import ConnectTunnel
from sidecar.proxy.layers.http1.reader import MessageReader, answer_reader
from sidecar.proxy.layers.signals import Send
from sidecar.proxy.settings import Limits, Upstream, Via


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
    """The inner end of the layers: turns our two events into commands, keeps what comes back."""

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
        self._outermost: layer.Layer | None = None
        self._tls: ServerTLSLayer | None = None
        self._inside: _Inside | None = None
        self.upstream = upstream
        self.wants_urls = upstream.via is not None and upstream.scheme == "http"
        """Whether requests are to be `addressed`: to another proxy that passes them on."""
        self.authority = upstream.authority
        """As rules name the upstream."""
        self.socket: connection.Server | None = None
        """What is connected to: the upstream, or the proxy on the way to it."""
        self.plain: connection.Server | None = None
        """The same, where an event of it means just that, for there are no layers."""
        self.is_open = False
        self.is_used = False
        """Whether it has carried an exchange before this one: it may have gone stale."""
        self.idle_since = 0.0
        """When that exchange ended."""
        self.reader = self._new_reader()

    def _new_reader(self) -> MessageReader[bytes]:
        return answer_reader(self._limits.head_bytes, self._limits.head_fields)

    def connect(self, *, as_tunnel: bool = False) -> None:
        """Ask for a new connection; the answer arrives as an OpenConnectionCompleted.

        `as_tunnel` says that no requests will follow, but bytes that no proxy may look into.
        """
        upstream, via = self.upstream, self.upstream.via
        self.is_used = False
        self.reader = self._new_reader()
        server = self.socket = Destination.of(upstream)
        is_tls = upstream.scheme == "https"
        if via is not None:
            self.socket = connection.Server(address=(via.host, via.port))
        if is_tls or (via is not None and as_tunnel):
            self._stack(server, via)
        else:
            self.plain = self.socket
            command = commands.OpenConnection(self.socket)
            command.blocking = self._owner.layer  # type: ignore[assignment]  # "handled there"
            self._emit((command,))

    def _stack(self, server: Destination, via: Via | None) -> None:
        """Put the layers together by which `server` is reached, and open it."""
        assert self.socket is not None  # noqa: S101 - connect() has just made it
        inner = self._owner.layer.context.fork()
        inner.server = server
        stack = LayerStack()
        if via is not None:
            stack /= ConnectTunnel(inner, self.socket, via, self._limits.head_bytes)
        if self.upstream.scheme == "https":
            server.sni = self.upstream.host
            self._tls = ServerTLSLayer(inner, server)
            stack /= self._tls
        self._inside = _Inside(inner)
        stack /= self._inside
        self._outermost = stack[0]
        self._emit(self._outermost.handle_event(events.Start()))
        self._emit(self._outermost.handle_event(_Open()))

    def addressed(self, request: bytes) -> bytes:
        """`request`, or its beginning, with the whole URL that a proxy wants (RFC 9112 §3.2.2)."""
        via = self.upstream.via
        assert via is not None  # noqa: S101 - see `wants_urls`
        first, end, rest = request.partition(b"\r\n")
        method, target, version = first.split(b" ")
        path = b"" if target == b"*" else target
        authority = self.upstream.authority.encode()
        lines = [b"%b http://%b%b %b" % (method, authority, path, version)]
        if via.authorization:
            lines.append(b"Proxy-Authorization: " + via.authorization)
        return end.join((*lines, rest))

    def send(self, data: bytes) -> None:
        """Send `data` upstream; the link is open."""
        if self.plain is not None:
            self._owner.out.append(Send(self.plain, data))
        else:
            assert self._outermost is not None  # noqa: S101 - connect() went before
            self._emit(self._outermost.handle_event(_Transmit(data)))

    def half_close(self) -> bool:
        """Send nothing more and read on, where the protocol is as simple as that."""
        if self.socket is None or self._tls is not None:
            return False
        self._owner.out.append(commands.CloseTcpConnection(self.socket, half_close=True))
        return True

    def close(self) -> None:
        """Give the connection up; what it may still deliver is ignored."""
        if self.socket is not None:
            self._owner.out.append(commands.CloseConnection(self.socket))
        self.forget()

    def forget(self) -> None:
        """The connection is gone."""
        self.socket = self.plain = self._outermost = self._tls = self._inside = None
        self.is_open = False

    def unwrap(self, event: events.Event) -> Iterable[events.Event]:
        """What a transport event means inside of the layers; without any, itself."""
        if self._outermost is None or self._inside is None:
            return (event,)
        self._emit(self._outermost.handle_event(event))
        inbox, self._inside.inbox = self._inside.inbox, []
        return inbox

    def ended_cleanly(self) -> bool:
        """Whether the end of the connection was the peer's wish and not an accident or attack."""
        if self._tls is not None:
            return bool(self._tls.tls.get_shutdown() & SSL.RECEIVED_SHUTDOWN)
        return self.socket is not None and self.socket.error is None

    def _emit(self, produced: Iterable[commands.Command]) -> None:
        for command in produced:
            if command.blocking:
                self._owner.await_reply(command, self)
            self._owner.out.append(command)
