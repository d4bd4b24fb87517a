# SPDX-License-Identifier: Apache-2.0
"""The KMS core as a process: prove everything, listen, serve, drain.

It listens only after the token, the database and every key version have been proven. A signal
(SIGTERM, SIGINT) or the end of standard input, where that was asked for, stops it: what is under
way is finished first.

Clients are bounded: a handshake and a request have to be complete in time, a connection that rests
is closed after a while, and there are only so many of them (see `api/protocol.py`).
"""

import asyncio
import contextlib
import ipaddress
import logging
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping

import uvicorn
from sqlalchemy.exc import SQLAlchemyError

from sidecar.errors import Misconfigured, told
from sidecar.hsm import HsmThread, HsmUnavailable
from sidecar.kms import certificates, key_seeding
from sidecar.kms.api.protocol import MAX_HEAD, Protocol
from sidecar.kms.api.wire import Api
from sidecar.kms.audit.keeping import Keeper
from sidecar.kms.config import KmsConfig
from sidecar.kms.engine import Engine
from sidecar.kms.health import Health
from sidecar.kms.limits import Quotas
from sidecar.kms.proof import prove
from sidecar.kms.ram import seeding
from sidecar.kms.ram.directory import Directory
from sidecar.kms.ram.open_roles import warn_of_open_roles
from sidecar.kms.store import Database
from sidecar.kms.tls import ServerTls
from sidecar.kms.upkeep import Upkeep

BACKLOG = 1024
DRAIN_SECONDS = 10
KEEP_ALIVE_SECONDS = 65
"""More than the usual minute of clients' pools, so that a client hangs up before we do."""
HANDSHAKE_SECONDS = 10

logger = logging.getLogger(__name__)

type Announce = Callable[[str], None]


def serve(config: KmsConfig, announce: Announce, *, exit_with_stdin: bool = False) -> None:
    """Serve until told to stop; `announce` hears the endpoint once it answers."""
    warn_of_clear_text(config)
    tls = ServerTls(config.tls) if config.tls else None
    database = Database(config.database_url)
    with contextlib.closing(database), HsmThread(config.token) as hsm:
        prove(hsm, database)
        quotas = {one.id: one.quotas for one in config.accounts}
        _seed(hsm, database, config, quotas)
        warn_of_open_roles(database)
        directory = Directory(config.accounts)
        engine = Engine(config.regions, directory, hsm, database)
        api = Api(engine.call, Health(hsm, database))
        upkeep = Upkeep(hsm, database, quotas)
        keeper = Keeper(engine.trail, hsm, database, config.audit)
        with _listen(config) as listener, keeper, upkeep, directory.key_sets, engine:
            endpoint = _endpoint(config, listener)
            server = _Server(_settings(api), tls, lambda: announce(endpoint))
            asyncio.run(_run(server, listener, exit_with_stdin=exit_with_stdin))


def _seed(
    hsm: HsmThread, database: Database, config: KmsConfig, quotas: Mapping[str, Quotas]
) -> None:
    """Bring the database to what the configuration says; raise Misconfigured."""
    now, region = int(time.time()), config.region
    try:
        hsm.run(lambda token: seeding.plant(database, token, config.accounts, now, region))
        key_seeding.plant(hsm, database, config.keys, quotas, time.time)
    except (HsmUnavailable, SQLAlchemyError) as error:
        raise Misconfigured(
            f"what the configuration says cannot be put into the database: {told(error)}"
        ) from error


def warn_of_clear_text(config: KmsConfig) -> None:
    """Tell whoever serves other machines without TLS what they see on the way."""
    host = config.listen_host
    if config.tls is None and not (host == "localhost" or host.startswith("127.") or host == "::1"):
        logger.warning("data keys travel in clear to the clients of %s: configure `tls`", host)


def _listen(config: KmsConfig) -> socket.socket:
    host, port = config.listen_host, config.listen_port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise Misconfigured(f"cannot listen on {host}:{port}: {error.strerror}") from error


def _endpoint(config: KmsConfig, listener: socket.socket) -> str:
    """Where clients reach it: no address that stands for all of them."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
        if config.tls is not None:
            host = certificates.first_name(config.tls.cert.read_text()) or host
    scheme = "https" if config.tls else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _settings(app: Api) -> uvicorn.Config:
    return uvicorn.Config(
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
    )


class _Server(uvicorn.Server):
    """uvicorn's server, with TLS of our own; signals are handled by the loop that runs it."""

    def __init__(
        self, settings: uvicorn.Config, tls: ServerTls | None, is_ready: Callable[[], None]
    ) -> None:
        super().__init__(settings)
        self._tls = tls
        self._is_ready = is_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """What uvicorn does, less its TLS, whose handshakes may take a minute."""

        def connect() -> asyncio.Protocol:
            return Protocol(self.config, self.server_state, self.lifespan.state)

        loop = asyncio.get_running_loop()
        self.servers = [
            await loop.create_server(
                connect,
                sock=listener,
                backlog=BACKLOG,
                ssl=self._tls.context if self._tls else None,
                ssl_handshake_timeout=HANDSHAKE_SECONDS if self._tls else None,
            )
            for listener in sockets or ()
        ]
        self.started = True
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
