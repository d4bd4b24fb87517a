# SPDX-License-Identifier: Apache-2.0
"""Read the target of a request to a protected host in exactly one way, or not at all.

Whatever a store might take for a protected route while we take it for another is Malformed: dot
segments, empty segments, encoded or backward slashes, path parameters, an encoded `?` or `#`, a
second layer of percent encoding, encodings that are not UTF-8. RFC 9112 section 3.2, RFC 3986
sections 3.3 and 6.2.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote_to_bytes

from sidecar.errors import Malformed

_PLAIN = re.compile(rb"(?:/(?!\.+(?:/|$))[A-Za-z0-9._~!$&'()*+,=:@-]+)+")
_FORBIDDEN = re.compile(rb"[\x00-\x20\x7f-\xff\\;#]")
_FORBIDDEN_IN_QUERY = re.compile(rb"[\x00-\x20\x7f#]")
_BAD_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_FORBIDDEN_DECODED = re.compile(r"[\x00-\x1f\x7f-\x9f/\\;?#]|%[0-9A-Fa-f]{2}")
_SEPARATORS = frozenset("/\\")


def read_target(target: bytes) -> tuple[list[str], bytes]:
    """The decoded path segments and the query of an origin-form target."""
    path, _, query = target.partition(b"?")
    if query and _FORBIDDEN_IN_QUERY.search(query):
        raise Malformed("a control character or `#` in the query")
    if _PLAIN.fullmatch(path):
        return path.decode("ascii")[1:].split("/"), query
    return _read_path(path), query


def _read_path(path: bytes) -> list[str]:
    if _FORBIDDEN.search(path):
        raise Malformed("a character in the path that stores read in different ways")
    if _BAD_PERCENT.search(path):
        raise Malformed("a broken percent encoding in the path")
    if not path.startswith(b"/"):
        raise Malformed("the request target is not a path")
    parts = path[1:].split(b"/")
    if parts[-1] == b"":
        parts.pop()
    return [_read_segment(part) for part in parts]


def _read_segment(part: bytes) -> str:
    try:
        text = unquote_to_bytes(part).decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("a percent encoding in the path that is not UTF-8") from None
    # A store that looks at the compatibility form (NFKC) sees slashes and dots in wide letters too.
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    if not plain.strip(". "):
        raise Malformed("an empty or dot segment in the path")
    if _FORBIDDEN_DECODED.search(text) or not _SEPARATORS.isdisjoint(plain):
        raise Malformed("an encoded character in the path that stores read in different ways")
    return text
