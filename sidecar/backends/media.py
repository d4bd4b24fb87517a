# SPDX-License-Identifier: Apache-2.0
"""What the head of a message says about its body: the format, and whether it can be read at all."""

import re
from functools import lru_cache

from sidecar.codecs import Codec, find_codec
from sidecar.message import REMEMBERED, Headers, RequestHead, ResponseHead, header_values

_UNCODED = frozenset({b"", b"identity"})
_ENDLESS = (b"text/event-stream", b"multipart/x-mixed-replace")
_UTF8 = frozenset({"utf-8", "utf8", "us-ascii"})
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - of a grammar
_MEDIA_TYPE = re.compile(rf"{_TOKEN}/{_TOKEN}")
_PARAMETER = re.compile(rf'[ \t]*;[ \t]*(?:({_TOKEN})=(?:"([^"\\]*)"|({_TOKEN})))?')


@lru_cache(REMEMBERED)
def codec_of(head: RequestHead | ResponseHead, is_whole: bool = False) -> Codec | None:  # noqa: FBT001, FBT002 - keys of a cache
    """`body_codec` of a whole head, which knows its hash."""
    return body_codec(head.headers, is_whole=is_whole)


def body_codec(headers: Headers, *, is_whole: bool = False) -> Codec | None:
    """The codec of a body sent with `headers`; None where no codec, or not just one, is named.

    `is_whole` asks for one to which the body is a single value.
    """
    types = header_values(headers, b"content-type")
    return _codec_of(types[0], is_whole) if len(types) == 1 else None


@lru_cache(REMEMBERED)
def is_coded(head: RequestHead | ResponseHead) -> bool:
    """Whether Content-Encoding says that the body is not what it seems."""
    codings = {value.strip().lower() for value in header_values(head.headers, b"content-encoding")}
    return not codings <= _UNCODED


@lru_cache(REMEMBERED)
def is_endless(headers: Headers) -> bool:
    """Whether an answer is an event stream (HTML §9.2.2), or parts that replace each other."""
    types = header_values(headers, b"content-type")
    return any(value.lower().startswith(_ENDLESS) for value in types)


@lru_cache(maxsize=64)  # of heads that are new every time the type is not
def _codec_of(content_type: bytes, is_whole: bool) -> Codec | None:  # noqa: FBT001 - keys of a cache
    """RFC 9110 §8.3.1: a media type and parameters, none of them twice; UTF-8 where it is text.

    Nor in the spelling of RFC 2231 (`boundary*=`), in which some read a parameter once more.
    """
    text = content_type.decode("latin-1").strip()
    media_type = _MEDIA_TYPE.match(text)
    if media_type is None:
        return None
    parameters: dict[str, str] = {}
    at = media_type.end()
    while at < len(text):
        found = _PARAMETER.match(text, at)
        if found is None or (found[1] or "").lower() in parameters or "*" in (found[1] or ""):
            return None
        if found[1]:
            parameters[found[1].lower()] = found[3] if found[2] is None else found[2]
        at = found.end()
    if parameters.get("charset", "utf-8").lower() not in _UTF8:
        return None
    return find_codec(media_type[0].lower(), parameters, is_whole=is_whole)
