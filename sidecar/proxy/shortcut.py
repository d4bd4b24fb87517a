# SPDX-License-Identifier: Apache-2.0
"""What a socket received goes straight to whom it is for, if that one is waiting for nothing else.

asyncio's streams wake a task for every piece of data, which costs as much as all that we do with a
small message. While the task that reads would only hand the data on, this does it in its place;
as soon as it would have to wait (back-pressure), the data take the stream's own way again.
"""

import asyncio
from typing import Protocol

from mitmproxy.connection import Connection

_READ_BYTES = 65536


class Receiver(Protocol):
    """Whom data are for."""

    obstacles: set[object]
    """What it has to wait for: transports that take no more for now, and shut gates."""

    def receive(self, connection: Connection, data: bytes) -> None:
        """Do all there is to do upon `data` of `connection`, without waiting."""


class Gate(asyncio.Event):
    """An event that is set at first, and is one of the `obstacles` while it is not."""

    def __init__(self, obstacles: set[object]) -> None:
        super().__init__()
        self._obstacles = obstacles
        self.set()

    def set(self) -> None:
        super().set()
        self._obstacles.discard(self)

    def clear(self) -> None:
        super().clear()
        self._obstacles.add(self)


class Shortcut(asyncio.Protocol):
    """Stands before the protocol that feeds `reader`: data of `connection` go to `receiver`."""

    def __init__(
        self,
        connection: Connection,
        reader: asyncio.StreamReader,
        transport: asyncio.Transport,
        receiver: Receiver,
    ) -> None:
        self._connection = connection
        self._reader = reader
        self._receiver = receiver
        self._is_waiting = False
        stream = transport.get_protocol()
        assert isinstance(stream, asyncio.Protocol)  # noqa: S101 - of the stream that `reader` is
        self._stream = stream
        transport.set_protocol(self)
        if transport.get_write_buffer_size() > transport.get_write_buffer_limits()[1]:
            receiver.obstacles.add(self)  # which only the stream's protocol has been told

    async def read(self) -> bytes:
        """The next data that did not go directly; empty at the end."""
        self._is_waiting = True  # if this suspends, the stream's buffer is empty
        try:
            return await self._reader.read(_READ_BYTES)
        finally:
            self._is_waiting = False  # and whoever reads no more gets nothing directly

    def data_received(self, data: bytes) -> None:
        receiver = self._receiver
        if self._is_waiting and not receiver.obstacles:
            receiver.receive(self._connection, data)
        else:
            self._is_waiting = False  # all that follows has to queue up behind
            self._stream.data_received(data)

    def eof_received(self) -> bool | None:
        return self._stream.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._receiver.obstacles.discard(self)
        self._stream.connection_lost(exc)

    def pause_writing(self) -> None:
        self._receiver.obstacles.add(self)
        self._stream.pause_writing()

    def resume_writing(self) -> None:
        self._receiver.obstacles.discard(self)
        self._stream.resume_writing()
