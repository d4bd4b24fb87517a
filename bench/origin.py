# SPDX-License-Identifier: Apache-2.0
"""The store of the benchmarks: as fast as Python can answer, so that the proxy is what is timed.

POST keeps the body, PUT keeps it by its path; GET gives back what is kept there. Run as a child:
prints its port and serves until its standard input closes.
"""

import asyncio
import sys
from typing import ClassVar

import uvloop

_ANSWER = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
_STORED = _ANSWER % (b"201 Created", 11, b'{"ok":true}')


class Origin(asyncio.Protocol):
    """One connection."""

    stored = b"{}"
    by_path: ClassVar[dict[bytes, bytes]] = {}

    def __init__(self) -> None:
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data
        while (end := buffer.find(b"\r\n\r\n")) >= 0:
            head = buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            stop = end + 4 + length
            if len(buffer) < stop:
                break
            body, path = buffer[end + 4 : stop], buffer.split(b" ", 2)[1]
            if head.startswith(b"post"):
                Origin.stored = body
                self._transport.write(_STORED)
            elif head.startswith(b"put"):
                Origin.by_path[path] = body
                self._transport.write(_STORED)
            else:
                kept = Origin.by_path.get(path, Origin.stored)
                self._transport.write(_ANSWER % (b"200 OK", len(kept), kept))
            buffer = buffer[stop:]
        self._buffer = buffer


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Origin, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(_serve())
