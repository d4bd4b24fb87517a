# SPDX-License-Identifier: Apache-2.0
"""The operator's door, over real sockets."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from sidecar.errors import Misconfigured
from sidecar.proxy import Admin
from sidecar.proxy.admin import Pages, admin_server
from sidecar.proxy.asgi import MOST_CLIENTS

METRICS = "text/plain; version=0.0.4; charset=utf-8"


async def _metrics() -> bytes:
    return b"one 1\n"


class State:
    """What a test wants to be told."""

    is_ready = False
    status = "starting"

    @property
    def pages(self) -> Pages:
        return Pages(lambda: (self.is_ready, {"status": self.status}), _metrics, METRICS)


@pytest.fixture
def state() -> State:
    return State()


@pytest.fixture
async def client(state: State) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        admin_server(Admin(), state.pages) as (host, port),
        httpx.AsyncClient(base_url=f"http://{host}:{port}") as client,
    ):
        yield client


async def test_it_is_ready_between_its_start_and_its_end(
    client: httpx.AsyncClient, state: State
) -> None:
    for status, is_ready in (("starting", False), ("ready", True), ("draining", False)):
        state.status, state.is_ready = status, is_ready
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()) == (200 if is_ready else 503, {"status": status})
        assert (await client.get("/healthz")).status_code == 200


async def test_metrics_are_served_in_their_type(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics")
    assert answer.text == "one 1\n"
    assert answer.headers["Content-Type"] == METRICS


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/metrics/x", 404), ("POST", "/readyz", 405)],
)
async def test_there_is_nothing_else(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    assert (await client.request(method, path)).status_code == status


async def test_it_is_on_loopback_unless_told_otherwise(state: State) -> None:
    async with admin_server(Admin(), state.pages) as server:
        assert server[0] == "127.0.0.1"
    async with admin_server(Admin("::1"), state.pages) as server:
        assert server[0] == "::1"


async def test_an_address_that_is_taken_is_told(state: State) -> None:
    async with admin_server(Admin(), state.pages) as first:
        with pytest.raises(Misconfigured, match=f"admin: 127.0.0.1:{first[1]} cannot be"):
            async with admin_server(Admin(*first), state.pages):
                pass


async def test_a_client_that_stays_does_not_hold_up_the_end(state: State) -> None:
    async with admin_server(Admin(), state.pages) as server:
        _, writer = await asyncio.open_connection(*server)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*server)
    writer.close()


@pytest.mark.parametrize("said", [b"", b"GET /rea", b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET"])
async def test_clients_that_ask_nothing_do_not_keep_the_probes_out(
    client: httpx.AsyncClient, said: bytes
) -> None:
    host, port = client.base_url.host, client.base_url.port
    assert port is not None
    hanging = [await asyncio.open_connection(host, port) for _ in range(MOST_CLIENTS - 1)]
    for _, writer in hanging:
        writer.write(said)
    assert (await client.get("/healthz")).status_code == 503
    for reader, _ in hanging:
        await reader.read(-1)
    assert (await client.get("/healthz")).status_code == 200
    for _, writer in hanging:
        writer.close()
