# SPDX-License-Identifier: Apache-2.0
"""An exchange that a rule holds: nothing goes on before the transform has said what.

Request: gather the body (bounded) → seal, as one message → forward what came of it. Answer: gather
→ open → give the client what came of it. No byte of either goes any further on its own, so that
at any point of this file an error of any kind leaves the other side with nothing.
"""

import asyncio
from typing import Any

from sidecar.backends import Endless, is_endless
from sidecar.errors import Malformed, Overloaded, TooLarge
from sidecar.message import Refusal
from sidecar.proxy.layers.http1 import writer
from sidecar.proxy.layers.http1.exchange import Client, Exchange
from sidecar.proxy.layers.http1.grammar import Frame
from sidecar.proxy.layers.http1.upstream import Link
from sidecar.proxy.room import PIECE
from sidecar.transform import Hold, Opened, Sealed


class HeldExchange(Exchange):
    """One request of a protected route."""

    __slots__ = ("_counted", "_gathered", "_has_asked", "_host", "_turn")
    _hold: Hold

    def __init__(
        self, client: Client, frame: Frame, link: Link, hold: Hold, host: bytes | None
    ) -> None:
        super().__init__(client, frame, link, hold)
        self._host = host
        self._gathered: bytearray | None = None  # of a body that was not there with its head
        self._counted = 0
        self._turn: asyncio.Future[None] | None = None  # while it waits for room
        self._has_asked = False  # for room, so that it may stand in the line

    def begin(self) -> None:
        client, frame, reader = self._client, self._frame, self._client.reader
        client.stats.requests_held += 1
        if frame.upgrade and b"websocket" in frame.upgrade.lower():
            self.fail(Endless("a WebSocket has no end at which it could be sealed"))
            return
        if frame.length is not None and frame.length > self._hold.body_limit:
            self.fail(self._too_large("request"))
            return
        if reader.done:
            self._seal(reader.read_body())
            return
        self._gathered = reader.hold_payload()
        if frame.expects and not self._gathered and not reader.waiting:
            client.send(writer.CONTINUE)
        self.client_data()

    def client_data(self) -> None:
        reader = self._client.reader
        try:
            reader.read_body()
        except Malformed as error:
            self.fail(error)
            return
        if not reader.done:
            self._expect_more("request")
        elif self._is_within_bounds("request"):
            self._leave_the_line()
            self._seal(self._take_gathered())

    def _take_gathered(self) -> bytes:
        gathered, self._gathered = self._gathered, None
        return bytes(gathered or b"")

    def _seal(self, payload: bytes) -> None:
        verdict = self._client.guard.seal(self._hold, payload)
        if isinstance(verdict, Sealed):
            self._forward(verdict)
        elif isinstance(verdict, Refusal):
            self._client.refuse(verdict)
        else:
            self._count(len(payload))
            self._await(verdict)

    def _await(self, task: asyncio.Task[Any]) -> None:
        self._awaited = task
        self._client.stats.waits += 1
        self._client.wait_for(task, self._client.limits.key_seconds)

    def task_done(self) -> None:
        """There is room, or the transform has answered; or the time for it is over."""
        task, self._awaited = self._awaited, None
        if task is self._turn:
            self._turn = None
            self._go_on(has_room=task is None or task.done())
        elif isinstance(task, asyncio.Task):
            self._apply(task)

    def _apply(self, task: asyncio.Task[Any]) -> None:
        guard = self._client.guard
        verdict = guard.awaited(self._hold, task, Sealed if self._answer is None else Opened)
        if isinstance(verdict, Sealed):
            self._forward(verdict)
        elif isinstance(verdict, Opened):
            self._give(verdict)
        else:
            self._client.refuse(verdict)

    def _forward(self, sealed: Sealed) -> None:
        body = sealed.body
        self.forward(writer.rebuilt_request(sealed.head, body, self._host))
        size = len(body)
        held = size if self._request or size > PIECE else 0
        if held != self._counted:
            self._count(held)

    def opened(self, error: str | None) -> None:
        super().opened(error)
        if not self._request and self._counted <= PIECE:
            self._count(0)  # it is never sent again; a longer one may wait for the upstream yet

    def answer_interim(self, frame: Frame) -> None:
        """Ours to give: a 100 went out before the body was read, others describe sealed answers."""

    def answer_head(self, frame: Frame) -> None:
        if is_endless(frame.headers):
            raise Endless("an event stream has no end at which it could be opened")
        if frame.length is not None and frame.length > self._hold.body_limit:
            raise self._too_large("answer")
        reader = self.link.reader
        if not reader.done:
            self._gathered = reader.hold_payload()

    def answer_piece(self, piece: bytes) -> None:
        answer = self._answer
        assert answer is not None  # noqa: S101 - its head came before its body
        if not self.link.reader.done:
            self._expect_more("answer")
            return
        if self._gathered is not None:
            if not self._is_within_bounds("answer"):
                return
            self._leave_the_line()
            piece = self._take_gathered()
        self.release()
        verdict = self._client.guard.open(self._hold, answer.head, piece)
        if isinstance(verdict, Opened):
            self._give(verdict)
        elif isinstance(verdict, Refusal):
            self._client.refuse(verdict)
        else:
            self._count(len(piece))
            self._await(verdict)

    def _give(self, opened: Opened) -> None:
        client = self._client
        method, field = self._frame.method, client.connection_field
        client.finish(writer.rebuilt_response(opened.head, opened.body, method, field))

    def abandon(self) -> None:
        super().abandon()
        if self._awaited is not None:
            self._awaited.cancel()

    def ended(self) -> None:
        if self._gathered is not None:
            self._gathered = None
            self._client.reader.drop_payload()  # of a refused request the rest may still come
        if self._counted:
            self._count(0)
        if self._has_asked:
            self._leave_the_line()

    def _is_within_bounds(self, what: str) -> bool:
        """Whether what was gathered may be held at all; if not, the exchange has failed."""
        if len(self._gathered or b"") > self._hold.body_limit:
            self.fail(self._too_large(what))
            return False
        return True

    def _count(self, size: int) -> None:
        """So many bytes are held now, and will be for longer than this event."""
        more = size - self._counted
        if more:
            self._counted = size
            self._client.stats.held_bytes += more
            self._client.room.hold(more)

    def _expect_more(self, what: str) -> None:
        """Read on, once there is room for more."""
        if not self._is_within_bounds(what):
            return
        self._count(len(self._gathered or b""))
        client = self._client
        if self._turn is not None:
            return  # it was on its way before the pause
        self._has_asked = True
        if client.room.has_place(self):
            client.expect_within(client.limits.body_seconds)
        elif client.room.is_crowded:
            self.fail(Overloaded("too many bodies wait for room at this time"))
        else:
            self._turn = self._awaited = client.room.wait(self)
            client.pause(is_paused=True)
            client.wait_for(self._turn, client.limits.room_seconds)

    def _go_on(self, *, has_room: bool) -> None:
        self._client.pause(is_paused=False)
        if has_room:
            self._client.expect_within(self._client.limits.body_seconds)
        else:
            self.fail(Overloaded("no room came free for this body within the time limit"))

    def _leave_the_line(self) -> None:
        if not self._has_asked:
            return
        self._has_asked = False
        if self._turn is not None:
            self._turn = self._awaited = None
            self._client.pause(is_paused=False)
        self._client.room.leave(self)

    def _too_large(self, what: str) -> TooLarge:
        return TooLarge(f"the {what}'s body is longer than {self._hold.body_limit} bytes")
