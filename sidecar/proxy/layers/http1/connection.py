# SPDX-License-Identifier: Apache-2.0
"""One client connection: a mitmproxy layer that carries one exchange at a time.

Events come in, commands go out; no socket is touched here. What a client sends ahead waits in the
reader, and `may_read` tells the host to stop reading when too much of it waits. Whatever is raised
in here ends in one place, `handle_event`: commands that were prepared are dropped, so nothing of a
half-understood message leaves, and both connections are broken off (law 1).
"""

import asyncio
import logging
from collections.abc import Iterable
from typing import Any

from mitmproxy.proxy import commands, context, events, layer

from sidecar.errors import Malformed, Refused
from sidecar.message import Refusal
from sidecar.proxy.clients import names_of
from sidecar.proxy.guard import whereabouts
from sidecar.proxy.layers.http1 import writer
from sidecar.proxy.layers.http1.alarm import Alarm
from sidecar.proxy.layers.http1.beginning import exchange_for
from sidecar.proxy.layers.http1.exchange import Exchange
from sidecar.proxy.layers.http1.grammar import Frame
from sidecar.proxy.layers.http1.reader import RequestReader
from sidecar.proxy.layers.http1.service import Service
from sidecar.proxy.layers.http1.tunnel import Check, Tunnel
from sidecar.proxy.layers.http1.tunnelled import ESTABLISHED
from sidecar.proxy.layers.http1.upstream import Link
from sidecar.proxy.layers.http1.upstreams import Upstreams
from sidecar.proxy.layers.signals import CUT, Awaited, Drain, Pause
from sidecar.proxy.settings import Upstream

logger = logging.getLogger(__name__)

_WAITING_BYTES = 256 * 1024
"""How much of what a client sends ahead is kept before the host stops reading from it."""
_CHEAP_BYTES = 1024 * 1024
"""A refused request's body of up to this length is read to its end to keep the connection."""
_LINGER_SECONDS = 2.0
"""For a client to read the last answer before the connection is closed (RFC 9112 §9.6)."""


class Http1Layer(layer.Layer):
    """The life of one client connection."""

    def __init__(self, outer: context.Context, service: Service, may_read: asyncio.Event) -> None:
        super().__init__(outer)
        limits = service.limits
        self._out: list[commands.Command] = []
        self.limits, self.stats, self.guard = limits, service.stats, service.guard
        self.room = service.room
        self.reader = RequestReader(
            limits.head_bytes, limits.head_fields, to_proxy=service.is_proxy
        )
        self._service = service
        self._may_read = may_read
        self._client = outer.client
        self._upstreams = Upstreams(self, self._out, limits)
        self._alarm = Alarm(self._out)
        self._exchange: Exchange | None = None
        self._frame: Frame | None = None
        self._tunnel: Tunnel | None = None
        self._in_head = False
        self._discards = False  # the rest of a refused request's body
        self._lingers = False  # everything, until the client has closed
        self._drains = False
        self._is_last_call_over = False
        self._has_closed = False  # the client, its half
        self._is_over = False
        self.intercepted: Upstream | None = None
        """Whom the client has asked for by CONNECT and been promised; this layer is over then."""

    def handle_event(self, event: events.Event) -> list[commands.Command]:  # type: ignore[override]
        """What to do upon `event`."""
        try:
            self._dispatch(event)
            if self._exchange is None:
                self._next_exchange()
        except Exception as error:  # noqa: BLE001 - the last line of law 1
            logger.error("a connection was broken off: %s", whereabouts(error))  # noqa: TRY400 - no values
            self._out.clear()
            self.cut()
        if (self.reader.buffered > _WAITING_BYTES) is self._may_read.is_set():
            self._set_reading()
        out = self._out.copy()
        self._out.clear()
        return out

    _handle_event = handle_event  # type: ignore[assignment]

    def _dispatch(self, event: events.Event) -> None:
        if isinstance(event, events.ConnectionEvent):
            if event.connection is not self._client:
                self._link_events(self._upstreams.received(event))
            elif isinstance(event, events.DataReceived):
                self._client_data(event.data)
            else:
                self._client_closed()
        elif isinstance(event, events.Wakeup):
            if self._alarm.rings(event):
                self._timed_out()
        elif isinstance(event, events.CommandCompleted):
            self._completed(event)
        elif isinstance(event, Drain):
            self._drains = True
            self._is_last_call_over = event.is_last_call_over
        elif isinstance(event, events.Start):
            self.expect_within(self.limits.header_seconds)

    # The client's side.

    def _client_data(self, data: bytes) -> None:
        if self._tunnel is not None:
            self._tunnel.send(data)
            return
        if self._lingers or self._is_over:
            return
        self.reader.feed(data)
        if self._discards:
            self.reader.read_body()
            self._discards = not self.reader.done
        elif self._exchange is not None and not self.reader.done:
            self._exchange.client_data()

    def _client_closed(self) -> None:
        if self._is_over:
            return
        self._has_closed = True
        if self._tunnel is not None and self._tunnel.link.half_close():
            return
        # A client may close its half once it has asked; what was asked completely is answered.
        if self._exchange is None or not self.reader.done or self._tunnel is not None:
            self._abandon()
            self._close()

    def _next_exchange(self) -> None:
        while self._exchange is None and not (self._is_over or self._lingers or self._discards):
            try:
                frame = self.reader.read_head() if self.reader.buffered else None
            except Malformed as error:
                self._frame = None
                self.refuse(self.guard.refusal(None, error))
                return
            if frame is not None:
                self._in_head = False
                self._begin(frame)
            elif self._has_closed or (self._is_last_call_over and not self.reader.buffered):
                self._close()
            else:
                self._expect_head()
                return

    def _expect_head(self) -> None:
        if not self.reader.buffered:
            self._in_head = False
        elif not self._in_head:
            self._in_head = True
            self.expect_within(self.limits.header_seconds)

    def _begin(self, frame: Frame) -> None:
        self._frame = frame
        service = self._service
        self.guard = service.guard  # an exchange ends under the rules that it began under
        try:
            way = service.way(frame)
        except Refused as error:
            self.refuse(self.guard.refusal(None, error))
            return
        if way.kind == "intercept":
            self.send(ESTABLISHED)
            self._alarm.clear()
            self._is_over = True
            self.intercepted = way.upstream
            return
        link = self._upstreams.link(way.upstream)
        begun = exchange_for(self, way, link, names_of(self._client))
        if isinstance(begun, Refusal):
            self.refuse(begun)
        else:
            self._exchange = begun
            begun.begin()

    # The upstreams' side.

    def _link_events(self, found: Iterable[tuple[Link, events.Event]]) -> None:
        for link, event in found:
            self._link_event(link, event)

    def _link_event(self, link: Link, event: events.Event) -> None:
        if isinstance(event, events.OpenConnectionCompleted):
            if self._exchange is not None:
                self._opened(self._exchange, link, event.reply)
        elif self._tunnel is not None and self._tunnel.link is link:
            if isinstance(event, events.DataReceived):
                self.send(event.data)
            else:
                self._close()
        elif self._exchange is None or not self._exchange.uses(link):
            link.close()  # nobody asked for bytes, and a closed one is of no use
        elif isinstance(event, events.DataReceived):
            self._exchange.server_data(event.data)
        elif isinstance(event, events.ConnectionClosed):
            self._exchange.server_closed()

    def _opened(self, exchange: Exchange, link: Link, error: str | None) -> None:
        objection = None if error else self._service.objection(link)
        if objection is None:
            exchange.opened(error)
        else:
            exchange.fail(objection)

    def _completed(self, event: events.CommandCompleted) -> None:
        if not isinstance(event.command, Awaited):
            self._link_events(self._upstreams.completed(event))
        elif self._exchange is not None and self._exchange.awaits(event.command.task):
            self._exchange.task_done()

    # What an exchange may ask for (`exchange.Client`).

    @property
    def connection_field(self) -> bytes:
        frame = self._frame
        if frame is None or not frame.keep_alive or self._drains:
            return b"close"
        return b"" if frame.minor else b"keep-alive"

    def send(self, data: bytes) -> None:
        self._out.append(commands.SendData(self._client, data))

    def wait_for(self, task: asyncio.Future[Any], seconds: float) -> None:
        command = Awaited(task, seconds)
        # The reply comes to this layer; nobody above it blocks.
        command.blocking = self  # type: ignore[assignment]
        self._alarm.clear()
        self._out.append(command)

    def pause(self, *, is_paused: bool) -> None:
        self._out.append(Pause(is_paused))

    def switch(self, link: Link, check: Check | None) -> None:
        self._tunnel = Tunnel(link, check)
        self._alarm.clear()
        if rest := self.reader.take_rest():
            self._tunnel.send(rest)

    def refuse(self, refusal: Refusal) -> None:
        frame, reader = self._frame, self.reader
        keeps = frame is not None and frame.keep_alive and not self._drains
        if frame is not None and not reader.done:
            is_cheap = frame.length is not None and frame.length <= _CHEAP_BYTES
            keeps = keeps and is_cheap and not frame.expects
        field = self.connection_field if keeps else b"close"
        bare = frame is not None and frame.method == b"HEAD"
        self.send(writer.refusal(refusal, bare=bare, connection=field))
        self._end_exchange()
        if not keeps:
            self._linger()
        elif not reader.done:
            reader.read_body()
            self._discards = not reader.done
            self.expect_within(self.limits.body_seconds)
        else:
            self.expect_within(self.limits.idle_seconds)

    def finish(self, *, keep_alive: bool) -> None:
        self._end_exchange()
        if keep_alive and self.reader.done and not self._drains and self._frame_keeps():
            self.expect_within(self.limits.idle_seconds)
        else:
            self._linger()

    def _frame_keeps(self) -> bool:
        return self._frame is not None and self._frame.keep_alive

    def cut(self) -> None:
        self.stats.aborts += 1
        self._client.error = CUT
        self._abandon()
        self._close()

    # The ends.

    def _linger(self) -> None:
        if self._has_closed:
            self._close()
            return
        self._lingers = True
        self.reader.take_rest()
        self._upstreams.close()
        self._out.append(commands.CloseTcpConnection(self._client, half_close=True))
        self.expect_within(_LINGER_SECONDS)

    def _end_exchange(self) -> Exchange | None:
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.ended()
        return exchange

    def _abandon(self) -> None:
        exchange = self._end_exchange()
        if exchange is not None:
            exchange.abandon()

    def _close(self) -> None:
        self._is_over = True
        self._alarm.clear()
        self.reader.take_rest()
        self._upstreams.close()
        self._out.append(commands.CloseConnection(self._client))

    def expect_within(self, seconds: float) -> None:
        self._alarm.set(seconds)

    def _timed_out(self) -> None:
        if self._exchange is not None:
            self._exchange.timed_out()
        else:
            self._close()

    def _set_reading(self) -> None:
        if self._may_read.is_set():
            self._may_read.clear()
        else:
            self._may_read.set()
