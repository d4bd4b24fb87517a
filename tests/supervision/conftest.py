# SPDX-License-Identifier: Apache-2.0
"""A whole `sidecar run` of two workers in front of a small store, started once a file."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.installed import Running, write
from tests.fixtures.kms import RunningKms


class Store(ThreadingHTTPServer):
    """Keeps bodies by path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kept: dict[str, bytes] = {}

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Store
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.kept[self.path] = body
        self._answer(body)

    def do_GET(self) -> None:
        self._answer(self.server.kept.get(self.path, b"{}"))

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with Store() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def config(
    tmp_path_factory: pytest.TempPathFactory, store: Store, kms: RunningKms, request
) -> Path:
    alias = f"alias/{request.module.__name__.rpartition('.')[2].replace('_', '-')}"
    kms.make_key(alias)
    where = f"{{credentials_file: {kms.credentials_file}, endpoint: '{kms.endpoint}'}}"
    folder = tmp_path_factory.mktemp("supervised")
    return write(folder, store.authority, alias, where, "workers: 2\nlimits: {drain: 5s}\n")


@pytest.fixture(scope="module")
def proxy(config: Path) -> Iterator[Running]:
    with Running(config) as running:
        yield running
