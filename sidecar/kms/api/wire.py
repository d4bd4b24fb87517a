# SPDX-License-Identifier: Apache-2.0
"""The API as an ASGI application: `GET /` and `POST /`, and JSON for every answer.

`GET /healthz` and `GET /readyz` are for whoever watches the process: they need no signature, leave
no record and say one word.

A refusal is the union of what the vendor's service and its gateway say, because SDKs read one or
the other: HttpStatus, Code, Message, RequestId, HostId, Recommend, and RAM's AccessDeniedDetail.
Nothing here logs: targets and bodies hold plaintexts.
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Protocol

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from sidecar.kms.api.action import Answer
from sidecar.kms.faults import Fault
from sidecar.kms.request import Received

MAX_REQUEST_LINE = 256 * 1024
MAX_BODY = 256 * 1024
RETRY_AFTER = "1000"
"""Milliseconds: rates are counted by the second (`kms/limits.py`)."""
ALIVE = b"/healthz"
PROBES = (ALIVE, b"/readyz")

type CallKms = Callable[[Received], Awaitable[Answer]]


class Probed(Protocol):
    """What is told to whoever watches the process."""

    def is_alive(self) -> bool: ...

    async def is_ready(self) -> bool: ...


class Api:
    """Answers requests by `call`, which raises nothing but Fault, and probes by `health`."""

    def __init__(self, call: CallKms, health: Probed) -> None:
        self._call = call
        self._health = health

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = str(uuid.uuid4()).upper()
        try:
            response = await self._respond(Request(scope, receive), request_id)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _respond(self, request: Request, request_id: str) -> Response:
        if request.method in ("GET", "HEAD") and request.scope["raw_path"] in PROBES:
            return await self._probe(request.scope["raw_path"])
        source = _address(request.scope.get("server"))
        try:
            body = await _read(request)
            answer = await self._call(
                Received(
                    request_id=request_id,
                    method=request.method,
                    target=_target(request),
                    headers=tuple(request.scope["headers"]),
                    body=body,
                    source=source,
                    source_ip=request.client.host if request.client else "",
                    is_secure=request.scope["scheme"] == "https",
                )
            )
        except Fault as fault:
            status, told = fault.http_status, refusal(fault, request_id, source)
        else:
            status, told = 200, {**answer, "RequestId": request_id}
        headers = {"x-acs-request-id": request_id}
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            headers["x-acs-retry-after"] = RETRY_AFTER
        return JSONResponse(told, status, headers)

    async def _probe(self, path: bytes) -> Response:
        is_well = self._health.is_alive() if path == ALIVE else await self._health.is_ready()
        return JSONResponse({"status": "ok" if is_well else "unavailable"}, 200 if is_well else 503)


def refusal(fault: Fault, request_id: str, host: str) -> Mapping[str, object]:
    """The body of a refusal."""
    told: dict[str, object] = {
        "HttpStatus": fault.http_status,
        "Code": fault.fault_code,
        "Message": fault.message,
        "RequestId": request_id,
        "HostId": host,
        "Recommend": f"https://api.aliyun.com/troubleshoot?q={fault.fault_code}&product=Kms",
    }
    if fault.detail is not None:
        told["AccessDeniedDetail"] = fault.detail
    return told


async def _read(request: Request) -> bytes:
    """The body of a request that has a place here; raise Fault for any other."""
    if len(request.method) + len(_target(request)) > MAX_REQUEST_LINE:
        raise Fault.line_too_long()
    if request.scope["raw_path"] != b"/":
        raise Fault(404, "InvalidApi.NotFound", "Specified api is not found: the path is /.")
    if request.method not in ("GET", "POST"):
        raise Fault(403, "UnsupportedHTTPMethod", "This http method is not supported.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            raise Fault(413, "RequestEntityTooLarge", "The body is too long.")
    return bytes(body)


def _target(request: Request) -> bytes:
    query: bytes = request.scope["query_string"]
    path: bytes = request.scope["raw_path"]
    return path + b"?" + query if query else path


def _address(pair: tuple[str, int] | None) -> str:
    return f"{pair[0]}:{pair[1]}" if pair else ""
