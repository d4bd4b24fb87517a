# SPDX-License-Identifier: Apache-2.0
"""Heads of our own: rebuilt ones of held messages, edited ones of passed requests, refusals.

A held message leaves as one plain message with a Content-Length, whatever its coding was when it
came; its hop-by-hop fields (RFC 9110 §7.6.1) end here, and so do its trailers, which describe
bytes that no longer exist. A passed head leaves as it came but for the lines named here.
"""

import re
from functools import lru_cache
from http import HTTPStatus

from msgspec.structs import replace

from sidecar.message import REMEMBERED, Headers, Refusal, RequestHead, ResponseHead
from sidecar.proxy.layers.http1.grammar import Frame, without_upgrade

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_LF, _CR = b"\n\r"
ENDS_HERE = frozenset(
    (
        b"connection", b"content-length", b"expect", b"http2-settings", b"keep-alive",
        b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade",
    )
)  # fmt: skip
_REPLACED = ENDS_HERE | {b"host"}
_HOST_LINE = re.compile(rb"(?i)\r\nhost:[^\r]*")
_WITH_CONTENT = frozenset((b"POST", b"PUT", b"PATCH"))
"""Methods that say how long their content is even when there is none (RFC 9110 §8.6)."""
_BODILESS = frozenset((204, 304))
_LAST_LINES = {
    b"": b"\r\n\r\n",
    b"close": b"\r\nConnection: close\r\n\r\n",
    b"keep-alive": b"\r\nConnection: keep-alive\r\n\r\n",
}
"""Of a head, by what is told of the connection's end."""
_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}


def rebuilt_request(head: RequestHead, body: bytes, host: bytes | None) -> bytes:
    """A sealed request as it goes upstream, to `host` when given, else to whom the client named."""
    start = _request_start(head, host)
    if body or head.method in _WITH_CONTENT:
        return b"%b\r\nContent-Length: %d\r\n\r\n%b" % (start, len(body), body)
    return start + b"\r\n\r\n"


def rebuilt_response(head: ResponseHead, body: bytes, method: bytes, connection: bytes) -> bytes:
    """An opened answer to a request of `method` as it goes to the client.

    A bare head's Content-Length told the sealed body's length, which is not the client's: it goes.
    """
    start, last = _answer_start(head), _LAST_LINES[connection]
    if method == b"HEAD" or head.status in _BODILESS:
        return start + last
    return b"%b\r\nContent-Length: %d%b%b" % (start, len(body), last, body)


def refusal(answer: Refusal, *, bare: bool, connection: bytes) -> bytes:
    """A refusal as it goes to the client."""
    start = _answer_start(
        ResponseHead(answer.status, _REASONS.get(answer.status, b"Refused"), answer.headers)
    )
    body = b"" if bare else answer.body
    last = _LAST_LINES[connection]
    return b"%b\r\nContent-Length: %d%b%b" % (start, len(answer.body), last, body)


def _one_line(line: bytes) -> bytes:
    if _LF in line or _CR in line:
        raise ValueError("a line of a head is broken")
    return line


def _fields(headers: Headers, host: bytes | None) -> bytes:
    """Those of `headers` that go on, each behind a line's end; ValueError when one were two."""
    gone = ENDS_HERE
    lines = []
    if host is not None:
        lines.append(b"\r\nHost: " + host)
        gone = _REPLACED
    lines += [b"\r\n%b: %b" % line for line in headers if line[0].lower() not in gone]
    fields = b"".join(lines)
    if fields.count(b"\n") != len(lines) or fields.count(b"\r") != len(lines):
        raise ValueError("a line of a head is broken")
    return fields


_known_fields = lru_cache(REMEMBERED)(_fields)


@lru_cache(REMEMBERED)
def _request_start(head: RequestHead, host: bytes | None) -> bytes:
    """`head` as it is written to `host`, but for what is told of its end."""
    first = _one_line(b"%b %b HTTP/1.1" % (head.method, head.target))
    return first + _known_fields(head.headers, host)


@lru_cache(REMEMBERED)
def _answer_start(head: ResponseHead) -> bytes:
    """`head` as it is written, but for what is told of its end and of the connection's."""
    return _one_line(b"HTTP/1.1 %d %b" % (head.status, head.reason)) + _fields(head.headers, None)


def passed_request(frame: Frame, host: bytes | None, *, may_upgrade: bool) -> Frame:
    """`frame` as it goes on: to `host` when given, and without an offer that must not be taken up.

    A server may ignore an Upgrade field (RFC 9110 §7.8), so that taking it away breaks nothing.
    """
    if host is not None:
        line = b"\r\nHost: " + host
        frame = replace(frame, raw=_HOST_LINE.sub(lambda _: line, frame.raw, count=1))
    if frame.upgrade and not may_upgrade:
        raw = without_upgrade(frame.raw)
        if not frame.keep_alive:
            raw = raw[:-2] + b"Connection: close\r\n\r\n"
        frame = replace(frame, raw=raw, upgrade=b"")
    return frame
