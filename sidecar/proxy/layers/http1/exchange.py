# SPDX-License-Identifier: Apache-2.0
"""One request and its answer: what a passed and a held exchange have in common.

That is the upstream's part (reach it, ask again when a kept connection had gone stale, cut its
bytes into answers) and the ends. An exchange ends in one of three ways: `Client.finish` after a
complete answer, `Client.refuse` as long as no byte of an answer went to the client, `Client.cut`
after that. It adds commands to its client's list and never touches a socket.
"""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from typing import Any, Protocol

from sidecar.errors import Malformed, SidecarError
from sidecar.message import Refusal
from sidecar.proxy.guard import Guard, UpstreamFailed, UpstreamSilent
from sidecar.proxy.layers.http1.grammar import Frame, Targets
from sidecar.proxy.layers.http1.reader import MessageReader
from sidecar.proxy.layers.http1.tunnel import Check
from sidecar.proxy.layers.http1.upstream import Link
from sidecar.proxy.room import Room
from sidecar.proxy.settings import Limits
from sidecar.proxy.stats import HostStats
from sidecar.transform import Hold

logger = logging.getLogger(__name__)

_FINAL = 200
_SWITCHING = 101
_REPEATABLE = frozenset((b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"))
"""Idempotent methods (RFC 9110 §9.2.2): asking twice is asking once."""
_SURELY_FRESH_SECONDS = 1.0
"""Servers close idle connections after as little as two seconds. What must not be asked twice goes
over a connection that was idle for less than this, or over a new one."""


class Client(Protocol):
    """What an exchange needs of the connection that it belongs to."""

    reader: MessageReader[Targets]
    guard: Guard
    limits: Limits
    stats: HostStats
    room: Room

    @property
    def connection_field(self) -> bytes:
        """What the Connection field of an answer of our own says; empty for none."""

    def send(self, data: bytes) -> None:
        """Send `data` to the client."""

    def expect_within(self, seconds: float) -> None:
        """End the exchange with `timed_out` unless something happens within `seconds`."""

    def wait_for(self, task: asyncio.Future[Any], seconds: float) -> None:
        """Call the exchange's `task_done` when `task` is done or `seconds` are over."""

    def pause(self, *, is_paused: bool) -> None:
        """Read from nobody who takes part in this exchange, or go on."""

    def switch(self, link: Link, check: Check | None) -> None:
        """From now on both connections carry another protocol: join them under `check`."""

    def refuse(self, refusal: Refusal) -> None:
        """Answer the current request with `refusal`; nothing of another answer was sent."""

    def finish(self, data: bytes = b"", *, keep_alive: bool = True) -> None:
        """With `data` the request was answered completely; without `keep_alive` it was the last."""

    def cut(self) -> None:
        """Break the connection in a way that no client can take for an answer's end."""


class Exchange(ABC):
    """One request, from its head on."""

    __slots__ = (
        "_answer", "_awaited", "_client", "_frame", "_hold", "_is_answering", "_is_started",
        "_is_whole", "_may_repeat", "_request", "asks", "link",
    )  # fmt: skip

    def __init__(self, client: Client, frame: Frame, link: Link, hold: Hold | None = None) -> None:
        self._client = client
        self._frame = frame
        self.link = link
        """Which carries it."""
        self._hold = hold
        self._request = b""  # what goes upstream first; all of it when `_is_whole`
        self._is_whole = False
        self._may_repeat = False  # asking twice is asking once, and it can be asked again
        self.asks = False
        """Whether what the upstream says is for it: it was asked, and has not answered whole."""
        self._is_answering = False  # a byte of the answer came: asking again is over
        self._is_started = False  # a byte of it went to the client: refusing is over
        self._answer: Frame | None = None
        self._awaited: asyncio.Future[Any] | None = None

    def awaits(self, task: asyncio.Future[Any]) -> bool:
        """Whether it is `task` that it waits for."""
        return self._awaited is task

    # What happens to it, told by the connection.

    @abstractmethod
    def begin(self) -> None:
        """The head was read."""

    @abstractmethod
    def client_data(self) -> None:
        """There is more of the request's body to read."""

    def opened(self, error: str | None) -> None:
        """The upstream was reached, or it was not."""
        if error is not None:
            logger.warning("%s cannot be reached: %s", self.link.upstream.way, error)
            self.link.forget()
            self.fail(UpstreamFailed("the upstream cannot be reached"))
            return
        self._client.stats.upstream_connections += 1
        self.link.is_open = True
        self._send()

    def server_data(self, data: bytes) -> None:
        """The upstream sent something."""
        reader = self.link.reader
        reader.feed(data)
        self._is_answering = True
        try:
            if self._answer is not None or self._has_head():
                self.answer_piece(reader.read_body())
        except Malformed:
            self.fail(UpstreamFailed("the upstream's answer is not HTTP/1 in its strict form"))
        except SidecarError as error:
            self.fail(error)

    def server_closed(self) -> None:
        """The upstream closed the connection."""
        link = self.link
        is_clean = link.ended_cleanly()
        stale = link.is_used and not self._is_answering
        if self._answer is not None and is_clean and link.reader.end():
            link.close()
            self.answer_piece(b"")
        elif stale and self._may_repeat:
            self._client.stats.upstream_retries += 1
            link.close()
            self._connect()
        else:
            self.fail(UpstreamFailed("the upstream closed the connection before its answer ended"))

    def timed_out(self) -> None:
        """Whoever had to act did not, for the time that `expect_within` was told."""
        is_connecting = bool(self._request) and not self.asks
        if self._client.reader.done or is_connecting:
            self.fail(UpstreamSilent("the upstream did not answer in time"))
        else:
            self.abandon()
            self._client.cut()

    def task_done(self) -> None:  # noqa: B027 - a passed exchange waits for nothing
        """What `wait_for` was told is done, or its time is over."""

    def ended(self) -> None:  # noqa: B027 - not every exchange has taken something
        """It is over, in whatever way: give back what it has taken."""

    def abandon(self) -> None:
        """The client is gone or will be: let go of the upstream."""
        self.link.close()

    # What becomes of an answer, in a passed and in a held exchange.

    @abstractmethod
    def answer_head(self, frame: Frame) -> None:
        """The final head came; it fails by what is raised here."""

    @abstractmethod
    def answer_piece(self, piece: bytes) -> None:
        """Bytes of the body came, as they were on the wire; `link.reader` knows if it is done."""

    @abstractmethod
    def answer_interim(self, frame: Frame) -> None:
        """A head with a status of 1xx came."""

    # The common part.

    def fail(self, error: SidecarError) -> None:
        """Refuse because of `error` while that is possible; cut the connection when it is not."""
        self.abandon()
        if self._is_started:
            self._client.cut()
        else:
            self._client.refuse(self._client.guard.refusal(self._hold, error))

    def forward(self, data: bytes) -> None:
        """Begin to ask the upstream with `data`, the request or what is there of it."""
        self._request = data
        self._is_whole = is_whole = self._client.reader.done
        self._may_repeat = may_repeat = is_whole and self._frame.method in _REPEATABLE
        link = self.link
        if not link.is_open:
            self._connect()
        elif may_repeat or time.monotonic() - link.idle_since <= _SURELY_FRESH_SECONDS:
            self._send()
        else:
            link.close()
            self._connect()

    def _connect(self) -> None:
        self._client.expect_within(self._client.limits.connect_seconds)
        self.asks = False
        self.link.connect()

    def _send(self) -> None:
        self.asks = True
        client, link = self._client, self.link
        link.send(link.addressed(self._request) if link.wants_urls else self._request)
        if not self._may_repeat:
            self._request = b""  # it is never sent again
        if self._is_whole:
            client.expect_within(client.limits.response_seconds)
        else:
            client.expect_within(client.limits.body_seconds)
            self.client_data()

    def _has_head(self) -> bool:
        """Whether the final head of the answer came with what was received now."""
        reader, method = self.link.reader, self._frame.method
        while (frame := reader.read_head(method)) is not None:
            if frame.head.status >= _FINAL:
                self._answer = frame
                self.answer_head(frame)
                return True
            if frame.head.status == _SWITCHING:
                self.switched(frame)
                return False
            self.answer_interim(frame)
        return False

    def switched(self, frame: Frame) -> None:
        """The upstream changed the protocol, which nobody offered."""
        del frame
        self.fail(UpstreamFailed("the upstream changed the protocol without being asked to"))

    def release(self) -> None:
        """The whole answer was read: keep the upstream connection, if it is good for another."""
        link, answer = self.link, self._answer
        self.asks = False
        if not link.is_open:
            return
        keeps = answer is not None and answer.keep_alive and self._client.reader.done
        if keeps and not link.reader.waiting:
            link.is_used = True
            link.idle_since = time.monotonic()
        else:
            link.close()
