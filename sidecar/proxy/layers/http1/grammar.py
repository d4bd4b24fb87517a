# SPDX-License-Identifier: Apache-2.0
"""HTTP/1 heads, read strictly: bytes in, a frame out, or `Malformed`.

Plan: one possessive regular expression accepts a whole head or nothing (RFC 9112 §2 to §6 without
its lenient MAYs), the field lines are cut, and the few that decide framing are weighed together.
What one parser might read otherwise than the next (RFC 9112 §11.2, request smuggling) is refused,
never repaired: bare CR or LF, obs-fold, white space before a colon, control bytes, repeated
Content-Length, Transfer-Encoding other than exactly `chunked`, both of the two, either of the two
in HTTP/1.0 style. llhttp reads the same bytes beside this (`reader.py`) and must agree.

Nothing is raised but `Malformed`; no message names a received byte.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

import msgspec

from sidecar.errors import Malformed
from sidecar.message import REMEMBERED, Headers, ResponseHead

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
_FIELDS = rb"((?:" + _TOKEN + rb"++:[\t\x20-\x7e\x80-\xff]*+\r\n)*+)\r\n"
_REQUEST = re.compile(
    rb"(" + _TOKEN + rb"++) ([\x21-\x22\x24-\x7e]++) HTTP/1\.([01])\r\n" + _FIELDS
)
_RESPONSE = re.compile(rb"HTTP/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*+))?\r\n" + _FIELDS)
_TRAILERS = re.compile(_FIELDS)
_FIELD_LINE = re.compile(rb"([^:]++):[\t ]*+([^\r]*+)\r\n")
_UPGRADE_LINES = re.compile(rb"(?i)\r\n(?:connection|upgrade|http2-settings):[^\r]*")
_HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%\-]+|\[[0-9A-Fa-f:.]+\])?(?::\d{0,5})?")

_FRAMING = frozenset(
    (b"content-length", b"transfer-encoding", b"host", b"connection", b"upgrade", b"expect")
)
_USUAL = frozenset((b"content-length", b"transfer-encoding", b"host"))
"""Those of them that say no more than where the message goes and where it ends."""
_NEVER_TRAILERS = frozenset(
    (
        *_FRAMING, b"authorization", b"content-encoding", b"content-range", b"content-type",
        b"cookie", b"te", b"trailer",
    )
)  # fmt: skip
"""Fields that a recipient must not merge from trailers (RFC 9110 §6.5.1)."""
_NO_ANSWER = ResponseHead(0, b"", ())
_FINAL = 200
_LENGTH_DIGITS = 18
SHORT = 2048
"""Frames of heads of up to so many bytes are kept, for most heads come again on and on: of each
direction the `REMEMBERED` newest, which is less than a MB, and under attack about ten. They may
hold credentials, in the memory of the process that has just sent them on; nobody gets at one but by
sending the same bytes, and a frame follows from its bytes alone. What is malformed is not kept."""
_NOT_HOP_BY_HOP = frozenset((b"content-length", b"transfer-encoding", b"host", b"expect"))


type Targets = Literal["origin", "any"]


class Frame(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One head and what it says about the bytes after it; two are equal only if they are one.

    `length` is the number of body bytes, or None: then the body is `chunked`, or else (answers
    only) ends with the connection. `told` is what llhttp is told of the head (`reader.py`).
    """

    raw: bytes
    told: bytes
    method: bytes  # empty for an answer
    target: bytes
    head: ResponseHead  # with a status of 0 for a request
    minor: int
    headers: Headers
    length: int | None
    chunked: bool
    keep_alive: bool
    host: bytes
    upgrade: bytes
    expects: bool


def read_request(raw: bytes, targets: Targets = "origin") -> Frame:
    """The request whose head is exactly `raw`, the empty line included; `targets` may stand there.

    To a proxy any may; which of their forms are right is for the caller to say (RFC 9112 §3.2).
    """
    return (_known_request if len(raw) <= SHORT else _read_request)(raw, targets)


def _read_request(raw: bytes, targets: Targets) -> Frame:
    match = _REQUEST.fullmatch(raw)
    if match is None:
        raise Malformed("the request head is not HTTP/1.0 or 1.1 in its strict form")
    method, target, digit, block = match.groups()
    minor = digit == b"1"
    is_origin_form = target.startswith(b"/") or (target == b"*" and method == b"OPTIONS")
    if not is_origin_form and targets == "origin":
        raise Malformed("the request target is not in origin form")
    headers = cut_fields(block)
    length, chunked, keep_alive, hosts, upgrade, expects = _weigh(headers, minor)
    if len(hosts) != 1 and (minor or hosts):
        raise Malformed("a request names its host exactly once")
    host = hosts[0] if hosts else b""
    if not _HOST.fullmatch(host):
        raise Malformed("the Host field is not a host")
    if length is None and not chunked:
        length = 0
    if method == b"CONNECT" and (length or chunked):
        raise Malformed("a CONNECT with content")
    # llhttp takes a body after an offer to upgrade for the other protocol's bytes; it is one
    # of HTTP/1 (RFC 9110 §7.8), and common: Java's client offers h2c with its first POST.
    told = without_upgrade(raw) if upgrade and (chunked or length) else raw
    return Frame(
        raw, told, method, target, _NO_ANSWER, minor, headers, length, chunked, keep_alive, host,
        upgrade, expects,
    )  # fmt: skip


def read_response(raw: bytes, method: bytes) -> Frame:
    """The answer whose head is exactly `raw`, to a request of `method`: to HEAD it has no body."""
    return (_known_response if len(raw) <= SHORT else _read_response)(raw, method)


def _read_response(raw: bytes, method: bytes) -> Frame:
    match = _RESPONSE.fullmatch(raw)
    if match is None:
        raise Malformed("the answer's head is not HTTP/1.0 or 1.1 in its strict form")
    digit, code, reason, block = match.groups()
    minor, status = digit == b"1", int(code)
    headers = cut_fields(block)
    length, chunked, keep_alive, _, upgrade, _ = _weigh(headers, minor)
    if method == b"HEAD" or status < _FINAL or status in (204, 304):  # RFC 9112 §6.3, 1
        length, chunked = 0, False
    # llhttp cannot be told that a HEAD was asked; the bare head was read strictly above.
    told = b"" if method == b"HEAD" else raw
    return Frame(
        raw, told, b"", b"", ResponseHead(status, reason or b"", headers), minor, headers, length,
        chunked, keep_alive and (length is not None or chunked), b"", upgrade, False,  # noqa: FBT003
    )  # fmt: skip


_known_request = lru_cache(REMEMBERED)(_read_request)
_known_response = lru_cache(REMEMBERED)(_read_response)


def cut_fields(block: bytes) -> Headers:
    """The field lines of a block that the grammar accepted."""
    lines = _FIELD_LINE.findall(block)
    if block.find(b" \r") >= 0 or block.find(b"\t\r") >= 0:
        return tuple([(name, value.rstrip(b" \t")) for name, value in lines])
    return tuple(lines)


def without_upgrade(head: bytes) -> bytes:
    """`head` less the lines that offer another protocol; framing does not depend on them."""
    return _UPGRADE_LINES.sub(b"", head)


def check_trailers(block: bytes) -> None:
    """Refuse a trailer section that is not one, or that could change how the message is read."""
    match = _TRAILERS.fullmatch(block)
    if match is None:
        raise Malformed("the trailer section is not in its strict form")
    if any(name.lower() in _NEVER_TRAILERS for name, _ in cut_fields(match[1])):
        raise Malformed("a trailer holds a field that belongs in the head")


def _weigh(
    headers: Headers,
    minor: bool,  # noqa: FBT001 - as in a frame
) -> tuple[int | None, bool, bool, list[bytes], bytes, bool]:
    """What the framing fields of one head say together.

    That is of a `Frame`: length, chunked, keep_alive; all hosts; upgrade, expects.
    """
    found: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        key = name.lower()
        if key in _FRAMING:
            if key in found:
                found[key].append(value)
            else:
                found[key] = [value]
    hosts = found.get(b"host", [])
    length, chunked = _body(found, minor=minor)
    if found.keys() <= _USUAL:
        return length, chunked, minor, hosts, b"", False
    keep_alive = minor
    if b"connection" in found:
        options = _options(found[b"connection"])
        keep_alive = b"close" not in options and (minor or b"keep-alive" in options)
    upgrade = b", ".join(found[b"upgrade"]) if b"upgrade" in found else b""
    expects = b"expect" in found and minor and _expects(found[b"expect"])
    return length, chunked, keep_alive, hosts, upgrade, expects


def _options(values: Iterable[bytes]) -> list[bytes]:
    """The options that Connection fields list."""
    options = [each.strip(b" \t") for value in values for each in value.lower().split(b",")]
    if not _NOT_HOP_BY_HOP.isdisjoint(options):
        raise Malformed("the Connection field names a field that frames the message")
    return options


def _body(found: dict[bytes, list[bytes]], *, minor: bool) -> tuple[int | None, bool]:
    lengths = found.get(b"content-length")
    if b"transfer-encoding" in found:
        codings = found[b"transfer-encoding"]
        if lengths is not None:
            raise Malformed("a message with both Content-Length and Transfer-Encoding")
        if len(codings) != 1 or codings[0].lower() != b"chunked" or not minor:
            raise Malformed("the Transfer-Encoding is not exactly `chunked`")
        return None, True
    if lengths is None:
        return None, False
    if len(lengths) != 1 or not lengths[0].isdigit() or len(lengths[0]) > _LENGTH_DIGITS:
        raise Malformed("the Content-Length is repeated or no plain number")
    return int(lengths[0]), False


def _expects(values: Iterable[bytes]) -> bool:
    if any(value.lower() != b"100-continue" for value in values):
        raise Malformed("an expectation other than 100-continue")
    return True
