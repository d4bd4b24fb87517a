# SPDX-License-Identifier: Apache-2.0
"""One client as its exchanges see it (`exchange.Client`): what they may ask for, and the ends.

Only commands are added to `out`; which events there are, and whom they are for, is the layer's
part (`connection`).
"""

import asyncio
from typing import Any

from mitmproxy.connection import Client
from mitmproxy.proxy import commands, layer

from sidecar.message import Refusal
from sidecar.proxy.layers.http1 import writer
from sidecar.proxy.layers.http1.alarm import Alarm
from sidecar.proxy.layers.http1.exchange import Exchange
from sidecar.proxy.layers.http1.grammar import Frame
from sidecar.proxy.layers.http1.reader import request_reader
from sidecar.proxy.layers.http1.service import Service
from sidecar.proxy.layers.http1.tunnel import Check, Tunnel
from sidecar.proxy.layers.http1.tunnelled import ESTABLISHED
from sidecar.proxy.layers.http1.upstream import Link
from sidecar.proxy.layers.http1.upstreams import Upstreams
from sidecar.proxy.layers.signals import CUT, Awaited, Pause, Send

_CHEAP_BYTES = 1024 * 1024
"""A refused request's body of up to this length is read to its end to keep the connection."""
_LINGER_SECONDS = 2.0
"""For a client to read the last answer before the connection is closed (RFC 9112 §9.6)."""


class Conversation:
    """Where one client stands: in which exchange, in a tunnel, or at which end."""

    def __init__(self, owner: layer.Layer, client: Client, service: Service) -> None:
        limits = service.limits
        self.out: list[commands.Command] = []
        """What is to be done; the layer takes it."""
        self.limits, self.stats, self.guard = limits, service.stats, service.guard
        self.room = service.room
        self.reader = request_reader(limits.head_bytes, limits.head_fields)
        self.upstreams = Upstreams(owner, self.out, limits)
        self.alarm = Alarm(self.out)
        self.expect_within = self.alarm.set
        self.exchange: Exchange | None = None
        self.frame: Frame | None = None
        self.tunnel: Tunnel | None = None
        self.hears = True
        """Whether what the client says belongs to requests that are answered by us or upstream."""
        self.discards = False
        """The rest of a refused request's body; whatever else is not heard is ignored."""
        self.drains = False
        self.has_closed = False
        """The client, its half."""
        self.is_over = False
        self._owner = owner
        self._client = client

    # What happens to it, told by the layer.

    def client_data(self, data: bytes) -> None:
        if self.hears:
            self.reader.feed(data)
            if self.exchange is not None and not self.reader.done:
                self.exchange.client_data()
        elif self.discards:
            self.reader.feed(data)
            self._discard()
        elif self.tunnel is not None:
            self.tunnel.send(data)

    def _discard(self) -> None:
        """Read on in a refused request, to the next one."""
        self.reader.read_body()
        self.discards = not self.reader.done
        self.hears = self.reader.done

    def client_closed(self) -> None:
        if self.is_over:
            return
        self.has_closed = True
        if self.tunnel is not None and self.tunnel.link.half_close():
            return
        # A client may close its half once it has asked; what was asked completely is answered.
        if self.exchange is None or not self.reader.done or self.tunnel is not None:
            self._abandon()
            self.close()

    def timed_out(self) -> None:
        if self.exchange is not None:
            self.exchange.timed_out()
        else:
            self.close()

    def hand_over(self) -> None:
        """Promise a way to whom the client has asked for by CONNECT; others go on from there."""
        self.send(ESTABLISHED)
        self.alarm.clear()
        self.is_over = True
        self.hears = False

    # What an exchange may ask for (`exchange.Client`).

    @property
    def connection_field(self) -> bytes:
        frame = self.frame
        if frame is None or not frame.keep_alive or self.drains:
            return b"close"
        return b"" if frame.minor else b"keep-alive"

    def send(self, data: bytes) -> None:
        self.out.append(Send(self._client, data))

    def wait_for(self, task: asyncio.Future[Any], seconds: float) -> None:
        command = Awaited(task, seconds)
        # The reply comes to the layer; nobody above it blocks.
        command.blocking = self._owner  # type: ignore[assignment]
        self.alarm.clear()
        self.out.append(command)

    def pause(self, *, is_paused: bool) -> None:
        self.out.append(Pause(is_paused))

    def switch(self, link: Link, check: Check | None) -> None:
        self.tunnel = Tunnel(link, check)
        self.hears = False
        self.alarm.clear()
        if rest := self.reader.take_rest():
            self.tunnel.send(rest)

    def refuse(self, refusal: Refusal) -> None:
        frame, reader = self.frame, self.reader
        keeps = frame is not None and frame.keep_alive and not self.drains
        if frame is not None and not reader.done:
            is_cheap = frame.length is not None and frame.length <= _CHEAP_BYTES
            keeps = keeps and is_cheap and not frame.expects
        field = self.connection_field if keeps else b"close"
        bare = frame is not None and frame.method == b"HEAD"
        self.send(writer.refusal(refusal, bare=bare, connection=field))
        self._end_exchange()
        if not keeps:
            self._linger()
            return
        self._discard()
        limits = self.limits
        self.expect_within(limits.body_seconds if self.discards else limits.idle_seconds)

    def finish(self, data: bytes = b"", *, keep_alive: bool = True) -> None:
        if data:
            self.out.append(Send(self._client, data))
        exchange, frame = self.exchange, self.frame
        assert exchange is not None and frame is not None  # noqa: S101, PT018 - it says so itself
        self.exchange = None
        exchange.ended()
        if keep_alive and frame.keep_alive and self.reader.done and not self.drains:
            self.expect_within(self.limits.idle_seconds)
        else:
            self._linger()

    def cut(self) -> None:
        self.stats.aborts += 1
        self._client.error = CUT
        self._abandon()
        self.close()

    # The ends.

    def close(self) -> None:
        self.is_over = True
        self.hears = self.discards = False
        self.alarm.clear()
        self.reader.take_rest()
        self.upstreams.close()
        self.out.append(commands.CloseConnection(self._client))

    def _linger(self) -> None:
        if self.has_closed:
            self.close()
            return
        self.hears = self.discards = False
        self.reader.take_rest()
        self.upstreams.close()
        self.out.append(commands.CloseTcpConnection(self._client, half_close=True))
        self.expect_within(_LINGER_SECONDS)

    def _end_exchange(self) -> Exchange | None:
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.ended()
        return exchange

    def _abandon(self) -> None:
        exchange = self._end_exchange()
        if exchange is not None:
            exchange.abandon()
