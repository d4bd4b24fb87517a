# SPDX-License-Identifier: Apache-2.0
"""HTTP Archives, as browsers and proxies save them (HAR 1.2): a whole file, or one entry of it.

Bodies in them are decoded already, so what their heads say of codings and lengths is left out.
"""

from __future__ import annotations

import re
from base64 import b64decode
from urllib.parse import urlencode

import msgspec

from sidecar.errors import Misconfigured
from sidecar.message import Headers, RequestHead, ResponseHead, find_header
from sidecar.recorded.exchange import Answer, Exchange, LeftOut, split_url

_NO_STORE = re.compile(r"(?i)(?:data|blob|about|javascript):|(?!https?://)[a-z][a-z0-9+.-]*://")
"""URLs that a browser answers itself, or by another protocol."""
_OF_THE_WIRE = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})


class _Pair(msgspec.Struct):
    name: str
    value: str = ""


class _PostData(msgspec.Struct, rename="camel"):
    mime_type: str = ""
    text: str = ""
    params: list[_Pair] = []


class _Request(msgspec.Struct, rename="camel"):
    method: str
    url: str
    headers: list[_Pair] = []
    post_data: _PostData = msgspec.field(default_factory=_PostData)


class _Content(msgspec.Struct, rename="camel"):
    mime_type: str = ""
    text: str = ""
    encoding: str = ""


class _Response(msgspec.Struct):
    status: int = 0
    headers: list[_Pair] = []
    content: _Content = msgspec.field(default_factory=_Content)


class _Entry(msgspec.Struct):
    request: _Request
    response: _Response | None = None


class _Log(msgspec.Struct):
    entries: list[_Entry]


class _File(msgspec.Struct):
    log: _Log


def read_har(data: bytes) -> list[Exchange | LeftOut]:
    """The exchanges of a HAR file, or of the one entry that `data` is; what is left out, in place.

    Raises:
        Misconfigured: It is neither, a URL is none, or every entry is left out.
    """
    entries = _entries(data.removeprefix(b"\xef\xbb\xbf"))
    if not entries:
        raise Misconfigured("a HAR file without entries")
    read = [_read(entry) for entry in entries]
    if not any(isinstance(each, Exchange) for each in read):
        reasons = sorted({each for each in read if isinstance(each, LeftOut)})
        raise Misconfigured(f"a HAR file of which every entry {' or '.join(reasons)}")
    return read


def _entries(data: bytes) -> list[_Entry]:
    try:  # the words of what is raised may quote the file
        found = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        if "log" in found:
            return msgspec.json.decode(data, type=_File).log.entries
        return [msgspec.json.decode(data, type=_Entry)]
    except msgspec.ValidationError:
        raise Misconfigured("JSON, but neither a HAR file nor one entry of it") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Misconfigured("not JSON in UTF-8, as HAR files are") from None


def _read(entry: _Entry) -> Exchange | LeftOut:
    request = entry.request
    if _NO_STORE.match(request.url):
        return LeftOut.NO_STORE
    answer = _answer(entry.response)
    if isinstance(answer, LeftOut):
        return answer
    authority, target = split_url(request.url)
    posted = request.post_data
    headers = _headers(request.headers, posted.mime_type)
    body = posted.text or urlencode([(pair.name, pair.value) for pair in posted.params])
    head = RequestHead(request.method.encode(), target, authority, headers)
    return Exchange(head, body.encode(), answer)


def _answer(response: _Response | None) -> Answer | LeftOut | None:
    if response is None or response.status == 0:  # the request was aborted
        return None
    content = response.content
    head = ResponseHead(response.status, b"", _headers(response.headers, content.mime_type))
    text = content.text
    if content.encoding != "base64":
        return Answer(head, text.encode())
    try:
        return Answer(head, b64decode(text, validate=True))
    except ValueError:  # of which characters outside ASCII are one, too
        return LeftOut.NO_BASE64


def _headers(pairs: list[_Pair], media_type: str) -> Headers:
    lines = ((pair.name.encode(), pair.value.strip().encode()) for pair in pairs)
    # `:authority` and the like are HTTP/2's way to write the request line.
    kept = tuple(
        line for line in lines if line[0].lower() not in _OF_THE_WIRE and line[0][:1] != b":"
    )
    if not media_type or find_header(kept, b"content-type") is not None:
        return kept
    return (*kept, (b"Content-Type", media_type.encode()))
