# SPDX-License-Identifier: Apache-2.0
"""A client that is slow on purpose is cut off; one that keeps a connection is not."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

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


async def answer(received: Received) -> Answer:
    return {"length": len(received.body)}


@pytest.fixture
async def client() -> AsyncIterator[Streams]:
    """A connection to a server that waits a third of a second for a request."""
    config = uvicorn.Config(Api(answer), log_config=None, access_log=False, lifespan="off")
    loop = asyncio.get_running_loop()
    state = ServerState()
    server = await loop.create_server(lambda: Impatient(config, state, {}), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        yield reader, writer
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


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
