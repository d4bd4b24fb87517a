# SPDX-License-Identifier: Apache-2.0
"""What a socket received goes straight to whom it is for, if that one is waiting for nothing else.

asyncio's streams wake a task for every piece of data, which costs as much as all that we do with a
small message. While the task that reads would only hand the data on, this does it in its place;
as soon as it would have to wait (back-pressure), the data take the stream's own way again.
"""

import asyncio
from collections.abc import Callable

from mitmproxy.connection import Connection
from mitmproxy.proxy.events import DataReceived

_READ_BYTES = 65536


class Shortcut(asyncio.Protocol):
    """Stands before the protocol that feeds `reader`, for data of `connection`.

    Hands them to `receive` directly while `may_receive` says so.
    """

    def __init__(
        self,
        connection: Connection,
        reader: asyncio.StreamReader,
        transport: asyncio.Transport,
        receive: Callable[[DataReceived], None],
        may_receive: Callable[[], bool],
    ) -> None:
        self._connection = connection
        self._reader = reader
        self._receive = receive
        self._may_receive = may_receive
        self._is_waiting = False
        stream = transport.get_protocol()
        assert isinstance(stream, asyncio.Protocol)  # noqa: S101 - of the stream that `reader` is
        self._stream = stream
        transport.set_protocol(self)

    async def read(self) -> bytes:
        """The next data that did not go directly; empty at the end."""
        self._is_waiting = True  # if this suspends, the stream's buffer is empty
        try:
            return await self._reader.read(_READ_BYTES)
        finally:
            self._is_waiting = False  # and whoever reads no more gets nothing directly

    def data_received(self, data: bytes) -> None:
        if self._is_waiting and self._may_receive():
            self._receive(DataReceived(self._connection, data))
        else:
            self._is_waiting = False  # all that follows has to queue up behind
            self._stream.data_received(data)

    def eof_received(self) -> bool | None:
        return self._stream.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stream.connection_lost(exc)

    def pause_writing(self) -> None:
        self._stream.pause_writing()

    def resume_writing(self) -> None:
        self._stream.resume_writing()
