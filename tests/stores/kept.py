# SPDX-License-Identifier: Apache-2.0
"""A small store of JSON bodies, for tests that look at what reached it."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Store(ThreadingHTTPServer):
    """Keeps bodies by path. While `gate` is closed its answers wait."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kept: dict[str, bytes] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Event()

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
        self.server.arrived.set()
        self.server.gate.wait(30)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing."""
