# SPDX-License-Identifier: Apache-2.0
"""A client that is slow on purpose is cut off; one that keeps a connection is not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import uvicorn
from uvicorn.server import ServerState

from sidecar.kms.api.action import Answer
from sidecar.kms.api.protocol import Protocol
from sidecar.kms.api.wire import Api
from sidecar.kms.request import Received

type Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

REQUEST = b"GET / HTTP/1.1\r\nHost: kms\r\n\r\n"


class Impatient(Protocol):
    request_seconds = 0.3


class Narrow(Protocol):
    max_connections = 2


class Well:
    """A core that is in good health."""

    def is_alive(self) -> bool:
        return True

    async def is_ready(self) -> bool:
        return True


async def answer(received: Received) -> Answer:
    return {"length": len(received.body)}


@contextlib.asynccontextmanager
async def serving(protocol: type[Protocol]) -> AsyncIterator[Callable[[], Awaitable[Streams]]]:
    """A server; what connects to it."""
    config = uvicorn.Config(Api(answer, Well()), log_config=None, access_log=False, lifespan="off")
    loop = asyncio.get_running_loop()
    state = ServerState()
    server = await loop.create_server(lambda: protocol(config, state, {}), "127.0.0.1", 0)
    writers = []

    async def connect() -> Streams:
        streams = await asyncio.open_connection(*server.sockets[0].getsockname())
        writers.append(streams[1])
        return streams

    async with server:
        yield connect
        for writer in writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


@pytest.fixture
async def client() -> AsyncIterator[Streams]:
    """A connection to a server that waits a third of a second for a request."""
    async with serving(Impatient) as connect:
        yield await connect()


@pytest.mark.parametrize(
    "begin",
    [
        b"",
        REQUEST[:-2],
        b"POST / HTTP/1.1\r\nHost: kms\r\nContent-Length: 9\r\n\r\nhalf",
    ],
    ids=["nothing", "half a head", "half a body"],
)
async def test_a_request_that_does_not_come_to_its_end_is_cut_off(
    client: Streams, begin: bytes
) -> None:
    reader, writer = client
    writer.write(begin)
    assert await until_cut_off(reader) == b""


async def test_one_that_trickles_in_is_cut_off_too(client: Streams) -> None:
    reader, writer = client
    cut_off = asyncio.create_task(until_cut_off(reader))
    while not cut_off.done():
        writer.write(b"x")
        await asyncio.sleep(0.01)
    assert cut_off.result() == b""


async def until_cut_off(reader: asyncio.StreamReader) -> bytes:
    """What comes until the connection ends, one way or the other."""
    try:
        return await reader.read()
    except ConnectionError:
        return b""


async def test_a_kept_connection_may_rest_for_longer_than_a_request_may_take(
    client: Streams,
) -> None:
    reader, writer = client
    for _ in range(2):
        writer.write(REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ")
        length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
        assert b'"length":0' in await reader.readexactly(length)
        await asyncio.sleep(2 * Impatient.request_seconds)


async def ask(streams: Streams) -> bytes:
    """The status line of an answer; the connection stays."""
    reader, writer = streams
    writer.write(REQUEST)
    line = await reader.readline()
    while (head := await reader.readline()).strip():
        if head.lower().startswith(b"content-length:"):
            length = int(head.split(b":")[1])
    await reader.readexactly(length)
    return line


async def test_a_flood_takes_the_place_of_who_rests_longest() -> None:
    async with serving(Narrow) as connect:
        first, second = await connect(), await connect()
        for streams in (first, second, first):
            assert (await ask(streams)).startswith(b"HTTP/1.1 200")
        third = await connect()
        assert (await ask(third)).startswith(b"HTTP/1.1 200")
        assert await until_cut_off(second[0]) == b""
        assert (await ask(first)).startswith(b"HTTP/1.1 200")
