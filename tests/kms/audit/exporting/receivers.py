# SPDX-License-Identifier: Apache-2.0
"""What an export is carried to: small real servers that keep what they were told."""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


class StreamReceiver:
    """A syslog server on TCP or TLS; `hang_up` ends the connections that stand."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._context = context
        self._connections: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self.received = bytearray()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        self._thread.join(10)

    def hang_up(self) -> None:
        while self._connections:
            connection = self._connections.pop()
            with contextlib.suppress(OSError):  # the client was first
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def messages(self) -> list[bytes]:
        """The whole messages that have come, by their lengths (RFC 6587, 3.4.1)."""
        rest, found = bytes(self.received), []
        while match := re.match(rb"([0-9]+) ", rest):
            end = match.end() + int(match[1])
            if end > len(rest):
                break
            found.append(rest[match.end() : end])
            rest = rest[end:]
        return found

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self._context is not None:
                try:
                    connection = self._context.wrap_socket(connection, server_side=True)
                except OSError:
                    connection.close()
                    continue
            self._connections.append(connection)
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection: socket.socket) -> None:
        try:
            while data := connection.recv(65536):
                self.received += data
        except OSError:
            return


class HookReceiver:
    """An HTTP server that keeps bodies and headers; `answers` are its next statuses, else 204."""

    def __init__(self, answers: Iterable[int] = ()) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.clients: list[tuple[str, int]] = []
        self.answers = list(answers)
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver.clients.append(self.client_address)
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.headers.append({n.lower(): v for n, v in self.headers.items()})
                status = receiver.answers.pop(0) if receiver.answers else 204
                if status == 204:
                    receiver.bodies.append(body)
                self.send_response(status)
                if status == 302:
                    self.send_header("location", "http://127.0.0.1:1/")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/in"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class EndlessReceiver:
    """An HTTP server that answers `head`, and then `drop` for ever, with pauses (seconds)."""

    def __init__(self, head: bytes, drop: bytes, pause: float = 0.02) -> None:
        self._head, self._drop, self._pause = head, drop, pause
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/in"
        self.requests = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):  # until the client has had enough
                connection.recv(65536)
                self.requests += 1
                connection.sendall(self._head)
                while True:
                    connection.sendall(self._drop)
                    time.sleep(self._pause)
