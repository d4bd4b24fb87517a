# SPDX-License-Identifier: Apache-2.0
"""The operator's door: is it alive, is it ready, what has it counted.

    GET /healthz   200 while the process answers at all
    GET /readyz    200 while everything that was proved is served; 503 before, and while it drains
    GET /metrics   Prometheus' text format

A KMS that goes away later does not make it unready: the keys at hand serve on, and taking every
replica out of service at once would turn a nuisance into an outage. Neither do rules that were
rejected: those before them hold. Metrics and the detail of /readyz tell.

Plain HTTP, on loopback unless told otherwise; nothing in it is secret (law 5).
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sidecar.errors import Misconfigured
from sidecar.proxy.asgi import served
from sidecar.proxy.settings import Admin
from sidecar.rules import spell_authority


class Pages(NamedTuple):
    """What the pages tell, asked for each time."""

    readiness: Callable[[], tuple[bool, dict[str, Any]]]
    """Whether it is ready, and the detail as JSON."""
    metrics: Callable[[], Awaitable[bytes]]
    metrics_type: str


@asynccontextmanager
async def admin_server(admin: Admin, told: Pages) -> AsyncIterator[tuple[str, int]]:
    """Inside the context the three pages are served at the address that this yields."""

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> Response:
        is_ready, detail = told.readiness()
        return JSONResponse(detail, 200 if is_ready else 503)

    async def page(_: Request) -> Response:
        return Response(await told.metrics(), headers={"Content-Type": told.metrics_type})

    pages = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", page)]
    async with AsyncExitStack() as stack:
        try:
            serving = served(Starlette(routes=pages), admin.host, admin.port)
            address = await stack.enter_async_context(serving)
        except OSError as error:
            place = spell_authority(admin.host, admin.port)
            raise Misconfigured(f"admin: {place} cannot be listened on: {error.strerror}") from None
        yield address
