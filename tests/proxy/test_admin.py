# SPDX-License-Identifier: Apache-2.0
"""The operator's door, over real sockets."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from sidecar.errors import Misconfigured
from sidecar.proxy import Admin
from sidecar.proxy.admin import Readiness, admin_server

METRICS = "text/plain; version=0.0.4; charset=utf-8"


@pytest.fixture
def readiness() -> Readiness:
    return Readiness()


@pytest.fixture
async def client(readiness: Readiness) -> AsyncIterator[httpx.AsyncClient]:
    server = admin_server(Admin(), readiness, lambda: b"one 1\n", METRICS)
    async with (
        server as (host, port),
        httpx.AsyncClient(base_url=f"http://{host}:{port}") as client,
    ):
        yield client


async def test_it_is_ready_between_its_start_and_its_end(
    client: httpx.AsyncClient, readiness: Readiness
) -> None:
    for state, status in (("starting", 503), ("ready", 200), ("draining", 503)):
        readiness.state = state
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()) == (status, {"status": state})
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


async def test_it_is_on_loopback_unless_told_otherwise(readiness: Readiness) -> None:
    async with admin_server(Admin(), readiness, bytes, METRICS) as server:
        assert server[0] == "127.0.0.1"
    async with admin_server(Admin("::1"), readiness, bytes, METRICS) as server:
        assert server[0] == "::1"


async def test_an_address_that_is_taken_is_told(readiness: Readiness) -> None:
    async with admin_server(Admin(), readiness, bytes, METRICS) as first:
        with pytest.raises(Misconfigured, match=f"admin: 127.0.0.1:{first[1]} cannot be"):
            async with admin_server(Admin(*first), readiness, bytes, METRICS):
                pass


async def test_a_client_that_stays_does_not_hold_up_the_end(readiness: Readiness) -> None:
    async with admin_server(Admin(), readiness, bytes, METRICS) as server:
        _, writer = await asyncio.open_connection(*server)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*server)
    writer.close()
