# SPDX-License-Identifier: Apache-2.0
"""Messages over a pair of sockets, each as JSON behind its length in four bytes.

The end of one side is the end of the channel: a process that is killed cannot go unnoticed, and
what cannot be read is an end as well. Nobody waits for the other side to read what was sent: one
that hangs must not make its peer hang, and what waits for it is no more than it was asked.
"""

import asyncio
import contextlib
import socket
from typing import Any

import msgspec

from sidecar.supervision.messages import ToSupervisor, ToWorker

_LENGTH_BYTES = 4
MAX_LENGTH = 256 * 1024 * 1024


class Channel[Incoming, Outgoing]:
    """One end of it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, incoming: Any
    ) -> None:
        self._reader, self._writer = reader, writer
        self._decoder: msgspec.json.Decoder[Incoming] = msgspec.json.Decoder(incoming)

    def send(self, message: Outgoing) -> None:
        """Send `message`; to one that has ended, nothing."""
        if not self._writer.is_closing():
            data = msgspec.json.encode(message)
            self._writer.write(len(data).to_bytes(_LENGTH_BYTES) + data)

    async def receive(self) -> Incoming | None:
        """The next message; None when the other side has ended."""
        try:
            length = int.from_bytes(await self._reader.readexactly(_LENGTH_BYTES))
            if length > MAX_LENGTH:
                return None
            return self._decoder.decode(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError, ValueError, RecursionError):
            return None  # the last two are nonsense, and how deep it is

    def close(self) -> None:
        """Close it at once, whatever the other side has not read yet."""
        self._writer.transport.abort()

    async def finish(self) -> None:
        """Close it when the other side has read everything, or has ended."""
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()


async def to_worker(end: socket.socket) -> Channel[ToSupervisor, ToWorker]:
    """The supervisor's end of a channel."""
    return Channel(*await asyncio.open_unix_connection(sock=end), ToSupervisor)


async def to_supervisor(end: socket.socket) -> Channel[ToWorker, ToSupervisor]:
    """A worker's end of it."""
    return Channel(*await asyncio.open_unix_connection(sock=end), ToWorker)
