# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1 as text: a request line, header lines, an empty line, a body. RFC 9112.

The lines may end as editors end them. A target in absolute form, or else Host, says where it goes.
"""

from __future__ import annotations

import re

from sidecar.errors import Misconfigured
from sidecar.message import RequestHead, find_header
from sidecar.recorded.exchange import Exchange, header_line, split_url

_REQUEST_LINE = re.compile(r"([A-Z][A-Z0-9_-]*) +(\S+)(?: +HTTP/[0-9.]+)?")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")


def read_raw(data: bytes) -> Exchange:
    """The request that `data` spells."""
    data = data.lstrip(b"\r\n")
    end = _END_OF_HEAD.search(data)
    head, body = (data[: end.start()], data[end.end() :]) if end else (data.rstrip(), b"")
    try:
        request_line, *lines = head.decode("utf-8").splitlines()
    except ValueError:
        raise Misconfigured("a request in raw HTTP begins with METHOD TARGET HTTP/1.1") from None
    found = _REQUEST_LINE.fullmatch(request_line.strip())
    if found is None:
        raise Misconfigured(
            "neither a curl command nor a HAR file, nor raw HTTP, which begins with "
            "METHOD TARGET HTTP/1.1"
        )
    method, target = found.groups()
    headers = tuple(header_line(line) for line in lines)
    if find_header(headers, b"transfer-encoding") is not None:
        raise Misconfigured("a body with a Transfer-Encoding; write it out, without chunks")
    host = (find_header(headers, b"host") or b"").decode()
    if target.startswith("/") and not host:
        raise Misconfigured("no Host says where the request goes; add `Host: HOST:PORT`")
    authority, path = split_url(f"http://{host}{target}" if target.startswith("/") else target)
    return Exchange(RequestHead(method.encode(), path, authority, headers), _body(body, headers))


def _body(body: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    """`body` without the line end that an editor put after it."""
    length = find_header(headers, b"content-length")
    if length is not None and length.isdigit() and int(length) <= len(body):
        return body[: int(length)]
    return body.removesuffix(b"\n").removesuffix(b"\r")
