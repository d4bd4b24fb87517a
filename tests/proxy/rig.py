# SPDX-License-Identifier: Apache-2.0
"""A host between a raw client and the recording origin, with a small transform to look at.

Requests to `/held…` are held: `plain` becomes `SEALED` on the way to the store, and back.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import h11

from sidecar.errors import SidecarError
from sidecar.message import Refusal, RequestHead, ResponseHead
from sidecar.proxy import Limits, Listener, ProxySettings, Upstream
from sidecar.proxy.host import Host
from sidecar.transform import PASS, Hold, Opened, Sealed
from tests.fixtures.origin import Origin

QUICK = Limits(
    header_seconds=0.3, body_seconds=0.3, idle_seconds=0.3, connect_seconds=0.3, key_seconds=0.3,
    response_seconds=0.3, drain_seconds=0.5,
)  # fmt: skip
"""For tests that wait for a limit; the others have the defaults, which they never reach."""


class Marking:
    """A transform in place of the real one; a test may override any step of it."""

    body_limit = 64 * 1024

    def protects(self, authority: str) -> bool:
        return True

    def claim(self, head: RequestHead) -> object:
        if not head.target.startswith((b"/held", b"/observed")):
            return PASS
        return Hold(head, self.body_limit, head.target.startswith(b"/observed"))

    def seal(self, hold: Hold, body: bytes) -> object:
        return Sealed(hold.head, body.replace(b"plain", b"SEALED"))

    def open(self, hold: Hold, head: ResponseHead, body: bytes) -> object:
        return Opened(head, body.replace(b"SEALED", b"plain"))

    def refusal(self, hold: Hold | None, error: BaseException) -> Refusal:
        if isinstance(error, SidecarError):
            return Refusal(error.status, (), error.code.encode(), error.code)
        return Refusal(500, (), b"internal", "internal")


@dataclass
class Answered:
    """One answer, as h11 read it."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""
    interim: list[int] = field(default_factory=list)

    def values(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.headers if key == name.lower()]


class CutShortError(Exception):
    """The connection ended before an answer did."""


class Client:
    """A client that sends what it is told and reads with h11."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._buffer = b""

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, method: bytes = b"GET") -> Answered:
        """The next answer; CutShortError when the connection ends before it does."""
        parser = h11.Connection(h11.CLIENT)
        parser.send(h11.Request(method=method, target=b"/", headers=[(b"Host", b"any")]))
        parser.send(h11.EndOfMessage())
        parser.receive_data(self._buffer) if self._buffer else None
        interim: list[int] = []
        found: Answered | None = None
        while True:
            try:
                event = parser.next_event()
            except h11.RemoteProtocolError as error:
                raise CutShortError(str(error)) from error
            if event is h11.NEED_DATA:
                try:
                    data = await asyncio.wait_for(self.reader.read(65536), 10)
                except ConnectionError as error:
                    raise CutShortError("reset") from error
                parser.receive_data(data)
            elif isinstance(event, h11.InformationalResponse):
                interim.append(event.status_code)
            elif isinstance(event, h11.Response):
                found = Answered(event.status_code, list(event.headers), interim=interim)
            elif isinstance(event, h11.Data):
                assert found is not None
                found.body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                assert found is not None
                self._buffer = parser.trailing_data[0]
                return found
            else:
                raise CutShortError("closed")

    async def ask(self, data: bytes) -> Answered:
        await self.send(data)
        return await self.answer(data.split(b" ", 1)[0])

    async def rest(self) -> bytes:
        """Everything until the connection ends; ConnectionError when it is reset."""
        return self._buffer + await asyncio.wait_for(self.reader.read(-1), 10)

    async def is_closed(self) -> bool:
        try:
            return await self.rest() == b""
        except ConnectionError:
            return True

    def close(self) -> None:
        self.writer.transport.abort()


class Rig:
    """One host, one listener to `origin`, and its clients."""

    def __init__(self, host: Host, origin: Origin, transform: Marking) -> None:
        self.host, self.origin, self.transform = host, origin, transform
        self._clients: list[Client] = []

    async def client(self, listener: int = 0, tls: ssl.SSLContext | None = None) -> Client:
        address = self.host.addresses[listener]
        client = Client(*await asyncio.open_connection(*address, ssl=tls))
        self._clients.append(client)
        return client

    async def pause(self) -> None:
        """Let the other end go on; for loops that wait for it."""
        await asyncio.sleep(0.002)

    def close(self) -> None:
        for client in self._clients:
            client.close()


@contextlib.asynccontextmanager
async def serving(
    origin: Origin,
    transform: object | None = None,
    limits: Limits | None = None,
    settings: ProxySettings | None = None,
) -> AsyncIterator[Rig]:
    """A host in front of `origin`."""
    transform = transform or Marking()
    if settings is None:
        listener = Listener("127.0.0.1", 0, Upstream("http", "127.0.0.1", origin.port))
        settings = ProxySettings((listener,), limits=limits or Limits())
    async with Host(settings, transform) as host:
        rig = Rig(host, origin, transform)
        try:
            yield rig
        finally:
            rig.close()


async def until(condition: Callable[[], bool]) -> None:
    """Wait until `condition()` holds; the test's own time-out ends a wait in vain."""
    while not condition():  # noqa: ASYNC110 - nobody sets an event for a counter
        await asyncio.sleep(0.005)


def get(target: bytes, *lines: bytes) -> bytes:
    return b"\r\n".join((b"GET %b HTTP/1.1" % target, b"Host: store", *lines, b"", b""))


def post(target: bytes, body: bytes, *lines: bytes) -> bytes:
    length = b"Content-Length: %d" % len(body)
    return b"\r\n".join((b"POST %b HTTP/1.1" % target, b"Host: store", length, *lines, b"", body))


def chunked(
    target: bytes, *chunks: bytes, lines: tuple[bytes, ...] = (), end: bytes = b"0\r\n\r\n"
) -> bytes:
    head = (b"POST %b HTTP/1.1" % target, b"Host: store", b"Transfer-Encoding: chunked", *lines)
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"\r\n".join((*head, b"", b"")) + body + end


def answer(body: bytes, *lines: bytes, status: bytes = b"200 OK") -> bytes:
    head = (b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *lines)
    return b"\r\n".join((*head, b"", b"")) + body
