# SPDX-License-Identifier: Apache-2.0
"""The KMS core as a process: prove everything, listen, serve, drain.

It listens only after the token, the database and every key version have been proven. A signal
(SIGTERM, SIGINT) or the end of standard input, where that was asked for, stops it: what is under
way is finished first.
"""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator

import uvicorn

from sidecar.errors import Misconfigured
from sidecar.hsm import HsmThread
from sidecar.kms.accounts import Directory
from sidecar.kms.api.protocol import MAX_HEAD, Protocol
from sidecar.kms.api.wire import Api
from sidecar.kms.config import KmsConfig
from sidecar.kms.engine import Engine
from sidecar.kms.proof import prove
from sidecar.kms.store import Database

DRAIN_SECONDS = 10
KEEP_ALIVE_SECONDS = 65
"""More than the usual minute of clients' pools, so that a client hangs up before we do."""

logger = logging.getLogger(__name__)

type Announce = Callable[[str], None]


def serve(config: KmsConfig, announce: Announce, *, exit_with_stdin: bool = False) -> None:
    """Serve until told to stop; `announce` hears the endpoint once it answers."""
    warn_of_clear_text(config)
    database = Database(config.database_url)
    with contextlib.closing(database), HsmThread(config.token) as hsm:
        prove(hsm, database)
        engine = Engine(config.region, Directory(config.accounts), hsm, database)
        with _listen(config) as listener:
            endpoint = _endpoint(config, listener)
            server = _Server(_settings(config, Api(engine.call)), lambda: announce(endpoint))
            asyncio.run(_run(server, listener, exit_with_stdin=exit_with_stdin))


def warn_of_clear_text(config: KmsConfig) -> None:
    """Tell whoever serves other machines without TLS what they see on the way."""
    host = config.listen_host
    if config.tls is None and not (host == "localhost" or host.startswith("127.") or host == "::1"):
        logger.warning("data keys travel in clear to the clients of %s: configure `tls`", host)


def _listen(config: KmsConfig) -> socket.socket:
    host, port = config.listen_host, config.listen_port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise Misconfigured(f"cannot listen on {host}:{port}: {error.strerror}") from error


def _endpoint(config: KmsConfig, listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    scheme = "https" if config.tls else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _settings(config: KmsConfig, app: Api) -> uvicorn.Config:
    settings = uvicorn.Config(
        app,
        http=Protocol,
        loop="none",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,  # request targets hold plaintexts
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=MAX_HEAD,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        ssl_certfile=config.tls.cert if config.tls else None,
        ssl_keyfile=config.tls.key if config.tls else None,
    )
    try:
        settings.load()
    except OSError as error:  # ssl.SSLError is one
        raise Misconfigured(
            f"the TLS certificate and key cannot be used: {error.strerror or error}"
        ) from error
    return settings


class _Server(uvicorn.Server):
    """uvicorn's server; signals are handled by the loop that runs it."""

    def __init__(self, settings: uvicorn.Config, is_ready: Callable[[], None]) -> None:
        super().__init__(settings)
        self._is_ready = is_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._is_ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        self.should_exit = True


async def _run(server: _Server, listener: socket.socket, *, exit_with_stdin: bool) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    if exit_with_stdin:

        def watch() -> None:
            while sys.stdin.buffer.read(1):
                pass
            with contextlib.suppress(RuntimeError):  # the loop has ended before
                loop.call_soon_threadsafe(server.stop)

        threading.Thread(target=watch, name="stdin", daemon=True).start()
    await server.serve([listener])
