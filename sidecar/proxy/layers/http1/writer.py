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
_REASONS = {status.value: status.phrase.encode() for status in HTTPStatus}


def rebuilt_request(head: RequestHead, body: bytes, host: bytes | None) -> bytes:
    """A sealed request as it goes upstream, to `host` when given, else to whom the client named."""
    method = head.method
    first = _one_line(b"%b %b HTTP/1.1" % (method, head.target))
    fields = _known_fields(head.headers, host)
    if body or method in _WITH_CONTENT:
        return b"%b%b\r\nContent-Length: %d\r\n\r\n%b" % (first, fields, len(body), body)
    return b"%b%b\r\n\r\n" % (first, fields)


def rebuilt_response(head: ResponseHead, body: bytes, *, bare: bool, connection: bytes) -> bytes:
    """An opened answer as it goes to the client; `bare` when it answers a HEAD.

    A bare head's Content-Length told the sealed body's length, which is not the client's: it goes.
    """
    is_bodiless = bare or head.status in _BODILESS
    start = _start(head)
    return _answer(start, b"" if is_bodiless else body, connection, sized=not is_bodiless)


def refusal(answer: Refusal, *, bare: bool, connection: bytes) -> bytes:
    """A refusal as it goes to the client."""
    start = _start(
        ResponseHead(answer.status, _REASONS.get(answer.status, b"Refused"), answer.headers)
    )
    written = _answer(start, answer.body, connection, sized=True)
    return written[: len(written) - len(answer.body)] if bare else written


def _answer(start: bytes, body: bytes, connection: bytes, *, sized: bool) -> bytes:
    if sized:
        start = b"%b\r\nContent-Length: %d" % (start, len(body))
    if connection:
        return b"%b\r\nConnection: %b\r\n\r\n%b" % (start, connection, body)
    return b"%b\r\n\r\n%b" % (start, body)


@lru_cache(REMEMBERED)
def _start(head: ResponseHead) -> bytes:
    """`head` as it is written, but for what is told of its end and of the connection's."""
    first = b"HTTP/1.1 %d %b" % (head.status, head.reason)
    return _one_line(first) + _fields(head.headers, None)


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
