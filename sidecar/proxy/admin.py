# SPDX-License-Identifier: Apache-2.0
"""The operator's door: is it alive, is it ready, what has it counted.

    GET /healthz   200 while the process answers at all
    GET /readyz    200 once everything was proved and listens; 503 before that, and while it drains
    GET /metrics   Prometheus' text format

A KMS that goes away later does not make it unready: the keys at hand serve on, and taking every
replica out of service at once would turn a nuisance into an outage. Metrics tell.

Plain HTTP, on loopback unless told otherwise; nothing in it is secret (law 5).
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sidecar.errors import Misconfigured
from sidecar.proxy.settings import Admin

IDLE_SECONDS = 5
MOST_CLIENTS = 64

type State = Literal["starting", "ready", "draining"]


@dataclass(slots=True)
class Readiness:
    """Where the process is in its life; whoever moves it on says so here."""

    state: State = "starting"


class AdminServer:
    """An async context: inside it the three pages are served at `address`.

    `metrics` gives the text of /metrics and is asked for it each time.
    """

    def __init__(
        self, admin: Admin, readiness: Readiness, metrics: Callable[[], bytes], metrics_type: str
    ) -> None:
        self._admin = admin
        self._readiness = readiness
        self._metrics = metrics
        self._metrics_type = metrics_type
        self.address: tuple[str, int] = ("", 0)

    async def __aenter__(self) -> Self:
        listening = _listen(self._admin)
        self.address = listening.getsockname()[:2]
        pages = [
            Route("/healthz", lambda _: JSONResponse({"status": "alive"})),
            Route("/readyz", self._ready),
            Route("/metrics", self._metrics_page),
        ]
        self._server = _Server(
            uvicorn.Config(
                Starlette(routes=pages),
                loop="none",
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=IDLE_SECONDS,
                timeout_graceful_shutdown=1,
                limit_concurrency=MOST_CLIENTS,
            )
        )
        self._serving = asyncio.create_task(self._server.serve([listening]))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        await self._serving

    async def _ready(self, _: Request) -> Response:
        state = self._readiness.state
        return JSONResponse({"status": state}, status_code=200 if state == "ready" else 503)

    async def _metrics_page(self, _: Request) -> Response:
        return Response(self._metrics(), headers={"Content-Type": self._metrics_type})


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the host's business: it drains, and this server ends last."""
        yield


def _listen(admin: Admin) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in admin.host else socket.AF_INET
        return socket.create_server((admin.host, admin.port), family=family)
    except OSError as error:
        raise Misconfigured(
            f"admin: {admin.host}:{admin.port} cannot be listened on: {error.strerror}"
        ) from None
