# SPDX-License-Identifier: Apache-2.0
"""The head of one part of a form (RFC 7578 §4): its name, and what its content is.

Refused as readable in two ways: field lines that are folded, malformed or given twice, line ends of
LF alone, a disposition other than `form-data` with one name, `name*` (§4.2 forbids it), backslashes
in a name, words of mail in it (RFC 2047), escaped quotes, transfer encodings (§4.7) and parts in
parts (§4.3).
"""

import re
from typing import NamedTuple

from sidecar.errors import Malformed

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_VALUE = rb'(?:"((?:[^"\\]|\\[^"])*+)"|(' + _TOKEN + rb"))"
_LINE = re.compile(rb"(" + _TOKEN + rb"):[ \t]*+([^\x00-\x08\x0a-\x1f\x7f]*)")
_PARAMETER = re.compile(rb"[ \t]*;[ \t]*(" + _TOKEN + rb")=" + _VALUE)
_JSON = re.compile(rb"application/(?:json|[^;, ]+\+json)(?=[ \t]*(?:;|\Z))", re.IGNORECASE)
_CHARSET = re.compile(rb"charset[*0-9]*[ \t]*=[ \t]*\"?([^\";, \t]*)", re.IGNORECASE)
_UTF8 = frozenset({b"utf-8", b"utf8", b"us-ascii"})
_VERBATIM = frozenset({b"7bit", b"8bit", b"binary"})
_NESTED = (b"multipart/", b"message/")


class PartHead(NamedTuple):
    """What a part says of itself."""

    name: str
    is_json: bool
    is_utf8: bool


def read_part_head(head: bytes) -> PartHead:
    """Read the field lines of a part, given without the empty line that ends them."""
    fields: dict[bytes, bytes] = {}
    for line in head.split(b"\r\n"):
        found = _LINE.fullmatch(line)
        if found is None or found[1].lower() in fields:
            raise Malformed("a part of the body has a field line that can be read in two ways")
        fields[found[1].lower()] = found[2].strip(b" \t")
    content_type = fields.get(b"content-type", b"")
    if fields.get(b"content-transfer-encoding", b"binary").lower() not in _VERBATIM:
        raise Malformed("a part of the body has a transfer encoding")
    if content_type.lower().startswith(_NESTED):
        raise Malformed("a part of the body has parts itself")
    charsets = {charset.lower() for charset in _CHARSET.findall(content_type)}
    is_json = _JSON.match(content_type) is not None
    return PartHead(_read_name(fields), is_json, is_utf8=charsets <= _UTF8)


def _read_name(fields: dict[bytes, bytes]) -> str:
    disposition, parameters = fields.get(b"content-disposition", b"").partition(b";")[::2]
    text = b";" + parameters
    found: dict[bytes, bytes] = {}
    at = 0
    while at < len(text):
        parameter = _PARAMETER.match(text, at)
        if parameter is None or parameter[1].lower() in found:
            raise Malformed("a part's disposition can be read in two ways")
        quoted = parameter[2]
        found[parameter[1].lower()] = parameter[3] if quoted is None else quoted
        at = parameter.end()
    name = found.get(b"name")
    if disposition.strip().lower() != b"form-data" or name is None or b"name*" in found:
        raise Malformed("a part of the body is not a field of a form with one name")
    if b"\\" in name or b"=?" in name:
        raise Malformed("a part's name has a backslash or an encoded word, which some decode")
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise Malformed("the name of a part is not UTF-8") from None
