# SPDX-License-Identifier: Apache-2.0
"""An ASGI application served in this process, beside the host and without its signals."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

IDLE_SECONDS = 5
MOST_CLIENTS = 64


@asynccontextmanager
async def served(app: ASGIApp, host: str, port: int) -> AsyncIterator[tuple[str, int]]:
    """Inside the context `app` answers at the address that this yields; OSError if it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family)
    # Connections inherit it. Head and body of an answer are two writes, and the second would wait.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = _Server(
        uvicorn.Config(
            app,
            http=_Impatient,
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
    serving = asyncio.create_task(server.serve([listening]))
    try:
        yield listening.getsockname()[:2]
    finally:
        server.should_exit = True
        await serving


class _Impatient(HttpToolsProtocol):
    """Closes a connection on which nothing was asked for a while, or never wholly.

    uvicorn looks for that after an answer alone, and `MOST_CLIENTS` that only connect would keep
    everybody else out: the kubelet's probes for one, upon which it would end the pod.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.loop.call_later(IDLE_SECONDS, self._look, None)

    def _look(self, seen: RequestResponseCycle | None) -> None:
        if self.cycle is seen and (seen is None or seen.response_complete):
            self.transport.close()
        elif not self.transport.is_closing():
            self.loop.call_later(IDLE_SECONDS, self._look, self.cycle)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the host's business: it drains, and this server ends last."""
        yield
