# SPDX-License-Identifier: Apache-2.0
"""HAR files (HTTP Archive 1.2), as browsers and proxies save traffic."""

from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

import msgspec

from sidecar.errors import Misconfigured
from sidecar.learning.traffic import Traffic
from sidecar.message import Headers, RequestHead, ResponseHead

_PORTS = {"http": 80, "https": 443}
_NOT_THERE = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
"""HAR keeps bodies decoded, whatever these fields still say."""


class _Pair(msgspec.Struct):
    name: str
    value: str = ""


class _Posted(msgspec.Struct, rename="camel"):
    mime_type: str = ""
    text: str = ""
    params: list[_Pair] = []


class _Request(msgspec.Struct, rename="camel"):
    method: str
    url: str
    headers: list[_Pair] = []
    post_data: _Posted | None = None


class _Content(msgspec.Struct, rename="camel"):
    mime_type: str = ""
    text: str = ""
    encoding: str = ""


class _Response(msgspec.Struct):
    status: int = 0
    content: _Content = msgspec.field(default_factory=_Content)


class _Entry(msgspec.Struct):
    request: _Request
    response: _Response = msgspec.field(default_factory=_Response)


class _Log(msgspec.Struct):
    entries: list[_Entry]


class _Archive(msgspec.Struct):
    log: _Log


class Exchange(NamedTuple):
    """One request and its answer, bodies decoded."""

    head: RequestHead
    body: bytes
    answer: ResponseHead
    answer_body: bytes

    def show(self, traffic: Traffic) -> None:
        """Let `traffic` count it."""
        traffic.request(self.head)
        traffic.request_body(self.head, self.body)
        traffic.answer(self.head, self.answer, self.answer_body)


def read_har(path: Path) -> Iterator[Exchange]:
    """The exchanges of a file in their order; Misconfigured where it is no HAR."""
    try:
        entries = msgspec.json.decode(path.read_bytes(), type=_Archive).log.entries
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Misconfigured(f"{path}: not a HAR file (JSON with log.entries)") from None
    for number, entry in enumerate(entries, 1):
        try:
            yield _exchange(entry)
        except (ValueError, Error):
            raise Misconfigured(f"{path}: entry {number} cannot be read") from None


def _exchange(entry: _Entry) -> Exchange:
    request, response = entry.request, entry.response
    url = urlsplit(request.url)
    port = url.port or _PORTS.get(url.scheme, 0)
    name = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    posted = request.post_data or _Posted()
    body = posted.text or urlencode([(pair.name, pair.value) for pair in posted.params])
    content = response.content
    return Exchange(
        RequestHead(
            request.method.encode(), target.encode(), f"{name}:{port}".lower(),
            _headers(request.headers, posted.mime_type),
        ),
        body.encode(),
        ResponseHead(response.status, b"", _headers([], content.mime_type)),
        b64decode(content.text) if content.encoding == "base64" else content.text.encode(),
    )  # fmt: skip


def _headers(pairs: list[_Pair], media_type: str) -> Headers:
    lines = [(pair.name.encode(), pair.value.strip().encode()) for pair in pairs]
    not_there = _NOT_THERE | ({b"content-type"} if media_type else frozenset())
    kept = [line for line in lines if line[0].lower() not in not_there]
    return (*kept, *([(b"Content-Type", media_type.encode())] if media_type else ()))
