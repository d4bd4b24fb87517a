# SPDX-License-Identifier: Apache-2.0
"""Requests to a KMS as bytes on a socket: what no SDK would send, and answers as they arrive."""

from __future__ import annotations

import json
import socket
import time
from typing import Any, NamedTuple, Self

from sidecar.signing import AccessKey, Request, acs3
from tests.fixtures.kms import RunningKms


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self.body)
        return answer


class Connection:
    """One TCP connection, kept for as many requests as the server likes."""

    def __init__(self, kms: RunningKms) -> None:
        host, _, port = kms.address.rpartition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read(self) -> Reply:
        status = int(self._file.readline().split()[1])
        headers = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return Reply(status, headers, self._file.read(int(headers["content-length"])))

    def is_closed(self) -> bool:
        """Wait for the server's end of the connection."""
        return self._file.read(1) == b""


def ask(kms: RunningKms, data: bytes) -> Reply:
    """One request on a connection of its own."""
    with Connection(kms) as connection:
        connection.send(data)
        return connection.read()


def signed(
    action: str,
    *query: tuple[str, str],
    key: AccessKey,
    now: float | None = None,
    nonce: str | None = None,
    version: str = "2016-01-20",
) -> Request:
    headers = (
        (b"host", b"kms"),
        (b"x-acs-action", action.encode()),
        (b"x-acs-version", version.encode()),
    )
    now = time.time() if now is None else now
    nonce = nonce or f"{time.monotonic_ns()}"
    return acs3.sign(Request("POST", query=query, headers=headers), key, now=now, nonce=nonce)


def wire(request: Request) -> bytes:
    """The request as it is sent."""
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in request.headers)
    head = f"{request.method} {request.target} HTTP/1.1\r\n".encode() + lines
    return head + f"content-length: {len(request.body)}\r\n\r\n".encode() + request.body
