# SPDX-License-Identifier: Apache-2.0
"""One client connection: a mitmproxy layer that carries one exchange at a time.

Events come in, commands go out; no socket is touched here. What a client sends ahead waits in the
reader, and `may_read` tells the host to stop reading when too much of it waits. Whatever is raised
in here ends in one place, `_break_off`: commands that were prepared are dropped, so nothing of a
half-understood message leaves, and both connections are broken off (law 1).
"""

import asyncio
import logging

from mitmproxy.connection import Connection
from mitmproxy.proxy import commands, context, events, layer
from mitmproxy.proxy.events import DataReceived

from sidecar.errors import Malformed, Refused
from sidecar.message import Refusal
from sidecar.proxy.clients import names_of
from sidecar.proxy.guard import whereabouts
from sidecar.proxy.layers.http1.beginning import Beginning, beginning_of, recurs
from sidecar.proxy.layers.http1.conversation import Conversation
from sidecar.proxy.layers.http1.exchange import Exchange
from sidecar.proxy.layers.http1.grammar import Frame, Targets
from sidecar.proxy.layers.http1.service import Service
from sidecar.proxy.layers.http1.upstream import Link
from sidecar.proxy.layers.signals import Awaited, Drain
from sidecar.proxy.settings import Upstream

logger = logging.getLogger(__name__)

_WAITING_BYTES = 256 * 1024
"""How much of what a client sends ahead is kept before the host stops reading from it."""


class Http1Layer(layer.Layer):
    """The life of one client connection."""

    def __init__(self, outer: context.Context, service: Service, may_read: asyncio.Event) -> None:
        super().__init__(outer)
        self._talk = Conversation(self, outer.client, service)
        self.reader = self._talk.reader
        self._service = service
        self._targets: Targets = "any" if service.is_proxy else "origin"
        self._may_read = may_read
        self._client = outer.client
        self._beginning: Beginning | None = None  # of the last request, to begin such a one again
        self._in_head = False
        self._is_ahead = False
        self._is_last_call_over = False
        self.intercepted: Upstream | None = None
        """Whom the client has asked for by CONNECT and been promised; this layer is over then."""

    def handle_event(self, event: events.Event) -> list[commands.Command]:  # type: ignore[override]
        """What to do upon `event`."""
        if isinstance(event, DataReceived):
            return self.receive(event.connection, event.data)
        try:
            self._dispatch(event)
            if self._talk.hears and self._talk.exchange is None:
                self._next_exchange()
        except Exception as error:  # noqa: BLE001 - the last line of law 1
            self._break_off(error)
        return self._take_commands()

    _handle_event = handle_event  # type: ignore[assignment]

    def receive(self, connection: Connection, data: bytes) -> list[commands.Command]:
        """What to do upon `data` of `connection`: as upon the event that says so, without one."""
        talk = self._talk
        try:
            exchange = talk.exchange
            if connection is self._client:
                talk.client_data(data)
            elif exchange is not None and exchange.asks and connection is exchange.link.plain:
                exchange.server_data(data)
            else:
                self._from_upstream(DataReceived(connection, data))
            if talk.hears and talk.exchange is None:
                self._next_exchange()
        except Exception as error:  # noqa: BLE001 - the last line of law 1
            self._break_off(error)
        return self._take_commands()

    def _break_off(self, error: Exception) -> None:
        logger.error("a connection was broken off: %s", whereabouts(error))
        self._talk.out.clear()
        self._talk.cut()

    def _take_commands(self) -> list[commands.Command]:
        if self.reader.waiting or self._is_ahead:
            self._set_reading()
        out = self._talk.out
        to_do = out.copy()
        out.clear()
        return to_do

    def _dispatch(self, event: events.Event) -> None:
        if isinstance(event, events.ConnectionEvent):
            if event.connection is self._client:
                self._talk.client_closed()
            else:
                self._from_upstream(event)
        elif isinstance(event, events.Wakeup):
            if self._talk.alarm.rings(event):
                self._talk.timed_out()
        elif isinstance(event, events.CommandCompleted):
            self._completed(event)
        elif isinstance(event, Drain):
            self._talk.drains = True
            self._is_last_call_over = event.is_last_call_over
        elif isinstance(event, events.Start):
            self._talk.expect_within(self._talk.limits.header_seconds)

    # What the client asks.

    def _next_exchange(self) -> None:
        talk, reader = self._talk, self.reader
        while reader.waiting:
            try:
                frame = reader.read_head(self._targets)
            except Malformed as error:
                talk.frame = None
                talk.refuse(talk.guard.refusal(None, error))
                return
            if frame is None:
                self._expect_head()
                return
            self._in_head = False
            self._begin(frame)
            if talk.exchange is not None or not talk.hears:
                return
        self._in_head = False
        if talk.has_closed or self._is_last_call_over:
            talk.close()

    def _expect_head(self) -> None:
        """There is the beginning of one, and the rest of it may be a while in coming."""
        if self._talk.has_closed:
            self._talk.close()
        elif not self._in_head:
            self._in_head = True
            self._talk.expect_within(self._talk.limits.header_seconds)

    def _begin(self, frame: Frame) -> None:
        talk, guard = self._talk, self._service.guard
        beginning = self._beginning
        if beginning is None or frame is not talk.frame or guard is not talk.guard:
            talk.frame = frame
            talk.guard = guard  # an exchange ends under the rules that it began under
            beginning = self._find_beginning(frame)
            self._beginning = beginning if beginning and recurs(beginning) else None
            if beginning is None:
                return
        talk.exchange = exchange = beginning()
        exchange.begin()

    def _find_beginning(self, frame: Frame) -> Beginning | None:
        """How `frame` begins, which follows from it and the rules; None if it has been answered."""
        talk = self._talk
        try:
            way = self._service.way(frame)
        except Refused as error:
            talk.refuse(talk.guard.refusal(None, error))
            return None
        if way.kind == "intercept":
            talk.hand_over()
            self.intercepted = way.upstream
            return None
        link = talk.upstreams.link(way.upstream)
        beginning = beginning_of(talk, frame, way, link, names_of(self._client))
        if isinstance(beginning, Refusal):
            talk.refuse(beginning)
            return None
        return beginning

    # The upstreams' side.

    def _from_upstream(self, event: events.ConnectionEvent) -> None:
        link = self._talk.upstreams.find(event.connection)
        if link is None:
            return  # it was given up, and this was on its way
        if link.plain is not None:
            self._link_event(link, event)
        else:
            self._link_events(link, event)

    def _link_events(self, link: Link, event: events.Event) -> None:
        socket = link.socket
        for each in link.unwrap(event):
            if link.socket is socket:  # else it was given up at the event before
                self._link_event(link, each)

    def _link_event(self, link: Link, event: events.Event) -> None:
        talk, exchange = self._talk, self._talk.exchange
        if isinstance(event, events.OpenConnectionCompleted):
            if exchange is not None:
                self._opened(exchange, link, event.reply)
        elif talk.tunnel is not None and talk.tunnel.link is link:
            if isinstance(event, DataReceived):
                talk.send(event.data)
            else:
                talk.close()
        elif exchange is None or exchange.link is not link or not exchange.asks:
            link.close()  # nobody asked for bytes, and a closed one is of no use
        elif isinstance(event, DataReceived):
            exchange.server_data(event.data)
        elif isinstance(event, events.ConnectionClosed):
            exchange.server_closed()

    def _opened(self, exchange: Exchange, link: Link, error: str | None) -> None:
        objection = None if error else self._service.objection(link)
        if objection is None:
            exchange.opened(error)
        else:
            exchange.fail(objection)

    def _completed(self, event: events.CommandCompleted) -> None:
        exchange = self._talk.exchange
        if not isinstance(event.command, Awaited):
            link = self._talk.upstreams.completed(event)
            if link is not None:
                self._link_events(link, event)
        elif exchange is not None and exchange.awaits(event.command.task):
            exchange.task_done()

    def _set_reading(self) -> None:
        is_ahead = len(self.reader.waiting) > _WAITING_BYTES
        if is_ahead is not self._is_ahead:
            self._is_ahead = is_ahead
            if is_ahead:
                self._may_read.clear()
            else:
                self._may_read.set()
