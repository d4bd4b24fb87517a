# SPDX-License-Identifier: Apache-2.0
"""Heads of our own: rebuilt ones of held messages, edited ones of passed requests, refusals.

A held message leaves as one plain message with a Content-Length, whatever its coding was when it
came; its hop-by-hop fields (RFC 9110 §7.6.1) end here, and so do its trailers, which describe
bytes that no longer exist. A passed head leaves as it came but for the lines named here.
"""

import re
from http import HTTPStatus

from sidecar.message import Headers, Refusal, RequestHead, ResponseHead

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_ENDS_HERE = frozenset(
    (
        b"connection", b"content-length", b"expect", b"http2-settings", b"keep-alive",
        b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade",
    )
)  # fmt: skip
_HOST_LINE = re.compile(rb"(?i)\r\nhost:[^\r]*")
_UPGRADE_LINES = re.compile(rb"(?i)\r\n(?:connection|upgrade|http2-settings):[^\r]*")
_BODILESS = frozenset((204, 304))
_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}


def rebuilt_request(head: RequestHead, body: bytes, *, had_body: bool, host: bytes | None) -> bytes:
    """A sealed request as it goes upstream; `host` replaces the Host field when given."""
    lines = [b"%b %b HTTP/1.1" % (head.method, head.target)]
    for name, value in head.headers:
        key = name.lower()
        if key not in _ENDS_HERE:
            replaced = host is not None and key == b"host"
            lines.append(b"%b: %b" % (name, host if replaced else value))
    if had_body or body:
        lines.append(b"Content-Length: %d" % len(body))
    lines.append(b"\r\n")
    return b"\r\n".join(lines) + body


def rebuilt_response(head: ResponseHead, body: bytes, *, bare: bool, connection: bytes) -> bytes:
    """An opened answer as it goes to the client; `bare` when it answers a HEAD.

    A bare head's Content-Length told the sealed body's length, which is not the client's: it goes.
    """
    first = b"HTTP/1.1 %d %b" % (head.status, head.reason)
    bodiless = bare or head.status in _BODILESS
    return _answer(first, head.headers, b"" if bodiless else body, connection, sized=not bodiless)


def refusal(answer: Refusal, *, bare: bool, connection: bytes) -> bytes:
    """A refusal as it goes to the client."""
    first = b"HTTP/1.1 %d %b" % (answer.status, _REASONS.get(answer.status, b"Refused"))
    written = _answer(first, answer.headers, answer.body, connection, sized=True)
    return written[: len(written) - len(answer.body)] if bare else written


def _answer(
    first: bytes, headers: Headers, body: bytes, connection: bytes, *, sized: bool
) -> bytes:
    lines = [first]
    lines += [b"%b: %b" % line for line in headers if line[0].lower() not in _ENDS_HERE]
    if sized:
        lines.append(b"Content-Length: %d" % len(body))
    if connection:
        lines.append(b"Connection: " + connection)
    lines.append(b"\r\n")
    return b"\r\n".join(lines) + body


def with_host(raw: bytes, host: bytes) -> bytes:
    """`raw`, a request head, naming `host`."""
    return _HOST_LINE.sub(b"\r\nHost: " + host.replace(b"\\", b""), raw, count=1)


def without_upgrade(raw: bytes, *, keep_alive: bool) -> bytes:
    """`raw` without its offer to change protocols, which a server may ignore (RFC 9110 §7.8)."""
    head = _UPGRADE_LINES.sub(b"", raw)
    return head if keep_alive else head[:-2] + b"Connection: close\r\n\r\n"
