# SPDX-License-Identifier: Apache-2.0
"""An ASGI application served in this process, beside the host and without its signals."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

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


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the host's business: it drains, and this server ends last."""
        yield
