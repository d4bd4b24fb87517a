# SPDX-License-Identifier: Apache-2.0
"""Heads of our own: rebuilt ones of held messages, edited ones of passed requests, refusals.

A held message leaves as one plain message with a Content-Length, whatever its coding was when it
came; its hop-by-hop fields (RFC 9110 §7.6.1) end here, and so do its trailers, which describe
bytes that no longer exist. A passed head leaves as it came but for the lines named here.
"""

import re
from http import HTTPStatus

from msgspec.structs import replace

from sidecar.message import Headers, Refusal, RequestHead, ResponseHead
from sidecar.proxy.layers.http1.grammar import Frame, without_upgrade

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

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
    lines = [b"%b %b HTTP/1.1" % (head.method, head.target)]
    gone = ENDS_HERE
    if host is not None:
        lines.append(b"Host: " + host)
        gone = _REPLACED
    lines += [b"%b: %b" % line for line in head.headers if line[0].lower() not in gone]
    if body or head.method in _WITH_CONTENT:
        lines.append(b"Content-Length: %d" % len(body))
    return _joined(lines) + body


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
    lines += [b"%b: %b" % line for line in headers if line[0].lower() not in ENDS_HERE]
    if sized:
        lines.append(b"Content-Length: %d" % len(body))
    if connection:
        lines.append(b"Connection: " + connection)
    return _joined(lines) + body


def _joined(lines: list[bytes]) -> bytes:
    """The head with exactly these `lines`; ValueError when one of them would be two."""
    lines.append(b"\r\n")
    head = b"\r\n".join(lines)
    ends = len(lines)
    if head.count(b"\n") != ends or head.count(b"\r") != ends:
        raise ValueError("a line of a head is broken")
    return head


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
