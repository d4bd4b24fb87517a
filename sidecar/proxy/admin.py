# SPDX-License-Identifier: Apache-2.0
"""The operator's door: is it alive, is it ready, what has it counted.

    GET /healthz   200 while the process answers at all
    GET /readyz    200 once everything was proved and listens; 503 before that, and while it drains
    GET /metrics   Prometheus' text format

A KMS that goes away later does not make it unready: the keys at hand serve on, and taking every
replica out of service at once would turn a nuisance into an outage. Metrics tell.

Plain HTTP, on loopback unless told otherwise; nothing in it is secret (law 5).
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sidecar.errors import Misconfigured
from sidecar.proxy.asgi import served
from sidecar.proxy.settings import Admin

type State = Literal["starting", "ready", "draining"]


@dataclass(slots=True)
class Readiness:
    """Where the process is in its life; whoever moves it on says so here."""

    state: State = "starting"


@asynccontextmanager
async def admin_server(
    admin: Admin, readiness: Readiness, metrics: Callable[[], bytes], metrics_type: str
) -> AsyncIterator[tuple[str, int]]:
    """Inside the context the three pages are served at the address that this yields.

    `metrics` gives the text of /metrics and is asked for it each time.
    """

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> Response:
        status = 200 if readiness.state == "ready" else 503
        return JSONResponse({"status": readiness.state}, status)

    async def page(_: Request) -> Response:
        return Response(metrics(), headers={"Content-Type": metrics_type})

    pages = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", page)]
    async with AsyncExitStack() as stack:
        try:
            serving = served(Starlette(routes=pages), admin.host, admin.port)
            address = await stack.enter_async_context(serving)
        except OSError as error:
            raise Misconfigured(
                f"admin: {admin.host}:{admin.port} cannot be listened on: {error.strerror}"
            ) from None
        yield address
