# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 as the API needs it, on uvicorn's h11 protocol.

Four things differ from uvicorn's: head and body of an answer leave in one write (in two, every
answer on a kept connection waits for a delayed ACK); a request has to be complete in time and
its head within its size; what cannot be read is refused in JSON, as the SDKs expect; and there are
only so many connections, of which the one that has rested longest makes room for a new one.
"""

import asyncio
import json
import uuid
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from sidecar.kms.api.wire import MAX_REQUEST_LINE, refusal
from sidecar.kms.faults import Fault

MAX_HEADERS = 64 * 1024
MAX_HEAD = MAX_REQUEST_LINE + MAX_HEADERS
REQUEST_SECONDS = 15.0
"""From its first byte to its last; and from a connection's start to its first request."""
LINGER_SECONDS = 2.0
MAX_CONNECTIONS = 4096


class OneWrite:
    """A transport that sends what is written in one turn of the event loop in one write."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._written: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._written:
            self._loop.call_soon(self._flush)
        self._written.append(data)

    def write_eof(self) -> None:
        self._flush()
        self._transport.write_eof()

    def close(self) -> None:
        """Over TLS a client has to answer the end; one that rests in a pool never does."""
        self._flush()
        self._transport.close()
        self._loop.call_later(LINGER_SECONDS, self._transport.abort)

    def _flush(self) -> None:
        if self._written:
            self._transport.write(b"".join(self._written))
            self._written.clear()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Protocol(H11Protocol):
    """One connection."""

    request_seconds = REQUEST_SECONDS
    max_connections = MAX_CONNECTIONS
    _deadline: asyncio.TimerHandle | None = None
    _is_refused = False
    _heard_at = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if len(self.connections) >= self.max_connections:
            self._make_room()
        super().connection_made(OneWrite(transport))  # type: ignore[arg-type]
        self._heard_at = self.loop.time()
        self._set_deadline()

    def _make_room(self) -> None:
        """End the connection that was silent longest, and let no call be lost while others rest."""
        others = [other for other in self.connections if isinstance(other, Protocol)]
        silent = min(others, key=lambda other: (other._is_busy(), other._heard_at))  # noqa: SLF001 - of its kind
        self.connections.discard(silent)  # it hears that it is lost in the next turn
        silent.transport.abort()

    def _is_busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        self._heard_at = self.loop.time()
        super().data_received(data)
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._set_deadline()
        else:
            self._forget_deadline()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - ours says it in JSON
        """Refuse what h11 cannot read, or what is longer than it may be."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.abort()  # an answer is under way already
            return
        fault, request_id = self._fault(), str(uuid.uuid4()).upper()
        host = "{}:{}".format(*self.server) if self.server else ""
        body = json.dumps(refusal(fault, request_id, host)).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"x-acs-request-id", request_id.encode()),
            (b"connection", b"close"),
        ]
        head = h11.Response(status_code=fault.http_status, headers=headers)
        for event in (head, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self._linger()

    def _fault(self) -> Fault:
        unread = bytes(self.conn.trailing_data[0])
        if len(unread) <= MAX_HEAD:
            return Fault(400, "InvalidRequest", "This is not a request of HTTP/1.1.")
        if b"\n" not in unread[:MAX_HEAD]:
            return Fault.line_too_long()
        return Fault(431, "RequestHeaderFieldsTooLarge", "The headers are too long.")

    def _linger(self) -> None:
        """Close when the client has had time to read: closing while it sends resets it."""
        self._is_refused = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self.loop.call_later(LINGER_SECONDS, self.transport.close)
        else:
            self.transport.close()

    def _set_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.request_seconds, self.transport.abort)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
