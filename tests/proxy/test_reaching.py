# SPDX-License-Identifier: Apache-2.0
"""An upstream is reached, or what is wrong with it is told; over real sockets."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.proxy import Upstream
from sidecar.proxy.reaching import reach
from tests.fixtures.authority import DAY, Authority, Pair


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@asynccontextmanager
async def _listening(pair: Pair | None = None, received: list[bytes] | None = None):
    """A server that waits for the end of each connection; its port."""

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.read()
        if received is not None:
            received.append(data)
        writer.close()

    context = None
    if pair is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*pair)
    server = await asyncio.start_server(keep, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
async def silent() -> AsyncIterator[int]:
    async with _listening() as port:
        yield port


async def test_a_plain_upstream_is_reached_and_gets_nothing() -> None:
    received: list[bytes] = []
    async with _listening(received=received) as port:
        told = await reach(Upstream("http", "127.0.0.1", port), 5)
    assert told == f"127.0.0.1:{port} accepts connections"
    assert received in ([], [b""])


async def test_a_tls_upstream_is_verified(authority: Authority) -> None:
    async with _listening(authority.issue("127.0.0.1")) as port:
        told = await reach(Upstream("https", "127.0.0.1", port, authority.ca), 5)
    assert told == f"127.0.0.1:{port} is who it says, in TLSv1.3"


async def test_one_that_does_not_verify_is_told(authority: Authority) -> None:
    for pair in (authority.issue("other.test"), authority.issue("127.0.0.1", expires=-DAY)):
        async with _listening(pair) as port:
            with pytest.raises(Misconfigured, match="its certificate does not verify"):
                await reach(Upstream("https", "127.0.0.1", port, authority.ca), 5)


async def test_one_that_is_silent_is_told(silent: int, authority: Authority) -> None:
    with pytest.raises(Misconfigured, match=r"did not answer in 0\.2 s; is it running"):
        await reach(Upstream("https", "127.0.0.1", silent, authority.ca), 0.2)


async def test_one_that_is_away_is_told() -> None:
    async with _listening() as port:
        pass
    with pytest.raises(
        Misconfigured, match=f"127.0.0.1:{port} cannot be reached: .*; is it running"
    ):
        await reach(Upstream("http", "127.0.0.1", port), 5)


async def test_one_that_hangs_up_is_told(authority: Authority) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Misconfigured, match="cannot be reached"):
            await reach(Upstream("https", "127.0.0.1", port, authority.ca), 5)
