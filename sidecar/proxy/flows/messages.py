# SPDX-License-Identifier: Apache-2.0
"""Between mitmproxy's messages and our heads; bytes stay as they came.

A sealed or opened message has one plain body, whatever its coding was: what described the coding
goes, trailers too, and the length is that of the new body.
"""

import re

from mitmproxy.http import Headers as FlowHeaders
from mitmproxy.http import HTTPFlow, Message, Request, Response

from sidecar.message import (
    Headers,
    Refusal,
    RequestHead,
    ResponseHead,
    header_values,
    without_headers,
)
from sidecar.proxy.layers.http1.writer import ENDS_HERE
from sidecar.transform import Opened, Sealed

_OFFERS = frozenset((b"connection", b"http2-settings", b"upgrade"))
_CLOSES = re.compile(rb"(?:^|[\t ,])close(?:$|[\t ,])", re.IGNORECASE)
_BODILESS = frozenset((204, 304))


def request_head(request: Request, authority: str) -> RequestHead:
    return RequestHead(request.data.method, request.data.path, authority, request.headers.fields)


def response_head(response: Response) -> ResponseHead:
    return ResponseHead(response.status_code, response.data.reason, response.headers.fields)


def apply_sealed(request: Request, sealed: Sealed) -> None:
    """Let `request` go on as `sealed`."""
    request.data.method = sealed.head.method
    request.data.path = sealed.head.target
    has_length = bool(sealed.body) or request.headers.get("content-length") is not None
    _set_message(request, sealed.head.headers, sealed.body, has_length=has_length)


def apply_opened(flow: HTTPFlow, opened: Opened) -> None:
    """Let the answer of `flow` go on as `opened`."""
    response = flow.response
    assert response is not None  # noqa: S101 - it was opened
    response.status_code = opened.head.status
    response.data.reason = opened.head.reason
    is_bare = flow.request.method == "HEAD" or response.status_code in _BODILESS
    _set_message(response, opened.head.headers, opened.body, has_length=not is_bare)


def answer(flow: HTTPFlow, refusal: Refusal) -> None:
    """Answer `flow` with `refusal` alone; nothing of another answer has gone to the client."""
    flow.request.stream = False
    body = b"" if flow.request.method == "HEAD" else refusal.body
    flow.response = Response.make(refusal.status, body, FlowHeaders(refusal.headers))
    flow.websocket = None


def offers_websocket(message: Message) -> bool:
    """Whether `message` offers WebSocket, or agrees to it, and to no other protocol."""
    return [each.lower() for each in message.headers.get_all("upgrade")] == ["websocket"]


def take_offers_away(request: Request) -> None:
    """Take away the offer to speak another protocol, which a server may ignore (RFC 9110 §7.8)."""
    if "upgrade" in request.headers:
        request.headers = FlowHeaders(_without(request.headers.fields, _OFFERS))


def _set_message(message: Message, headers: Headers, body: bytes, *, has_length: bool) -> None:
    lines = _without(headers, ENDS_HERE)
    if has_length:
        lines.append((b"content-length", b"%d" % len(body)))
    message.headers = FlowHeaders(lines)
    message.trailers = None
    message.raw_content = body


def _without(headers: Headers, names: frozenset[bytes]) -> list[tuple[bytes, bytes]]:
    """`headers` less `names`; whether the connection ends is the sender's to say all the same."""
    closes = any(_CLOSES.search(value) for value in header_values(headers, b"connection"))
    lines = list(without_headers(headers, names))
    return [*lines, (b"connection", b"close")] if closes else lines
