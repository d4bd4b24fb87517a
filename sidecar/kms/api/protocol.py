# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 as the API needs it, on uvicorn's h11 protocol.

Three things differ from uvicorn's: head and body of an answer leave in one write (in two, every
answer on a kept connection waits for a delayed ACK); a head has to be complete in time and within
its size; and what cannot be read is refused in JSON, as the vendor's SDKs expect.
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
HEAD_SECONDS = 10.0


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

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._written:
            self._transport.write(b"".join(self._written))
            self._written.clear()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Protocol(H11Protocol):
    """One connection."""

    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(OneWrite(transport))  # type: ignore[arg-type]
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_head_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._await_head()
        else:
            self._cancel_head_timer()

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
        self.transport.close()

    def _fault(self) -> Fault:
        unread = bytes(self.conn.trailing_data[0])
        if len(unread) <= MAX_HEAD:
            return Fault(400, "InvalidRequest", "This is not a request of HTTP/1.1.")
        if b"\n" not in unread[:MAX_HEAD]:
            return Fault.line_too_long()
        return Fault(431, "RequestHeaderFieldsTooLarge", "The headers are too long.")

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _cancel_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
