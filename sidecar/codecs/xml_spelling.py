# SPDX-License-Identifier: Apache-2.0
"""Where values stand in the text of an XML document, and how another is spelled there."""

import re
from typing import NamedTuple

from sidecar.codecs.texts import to_text
from sidecar.errors import CannotOpen, Malformed

_TAG = re.compile(
    rb"<(?P<name>[^\s/>]++)(?P<attributes>(?:\s+[^\s=]++\s*=\s*(?:\"[^\"]*+\"|'[^']*+'))*+)"
    rb"\s*(?P<empty>/?)>"
)
"""A start tag that a parser has found well-formed."""
_ATTRIBUTE = re.compile(rb"\s+([^\s=]++)\s*=\s*(?:\"([^\"]*+)\"|'([^']*+)')")
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""XML 1.0 section 2.2."""
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_ATTRIBUTE = _IN_TEXT | str.maketrans(
    {'"': "&quot;", "'": "&apos;", "\t": "&#9;", "\n": "&#10;"}
)


class Span(NamedTuple):
    """The bytes of a value in the body; `wrap` is what has to stand around another value."""

    start: int
    end: int
    is_attribute: bool = False
    wrap: tuple[bytes, bytes] = (b"", b"")

    def spell(self, lexeme: bytes) -> bytes:
        """The bytes that put `lexeme` here; CannotOpen where no XML can carry its characters."""
        text = to_text(lexeme).decode()
        if _NO_CHARACTER.search(text):
            raise CannotOpen
        before, after = self.wrap
        escapes = _IN_ATTRIBUTE if self.is_attribute else _IN_TEXT
        return b"%b%b%b" % (before, text.translate(escapes).encode(), after)


def content_span(body: bytes, start: int, end: int) -> Span:
    """Where the text stands of the element whose start tag is at `start`, its end tag at `end`."""
    tag = _tag_at(body, start)
    if tag["empty"]:
        return Span(tag.start("empty"), tag.end(), wrap=(b">", b"</%b>" % tag["name"]))
    return Span(tag.end(), end)


def attribute_spans(body: bytes, start: int) -> list[Span]:
    """Where the values stand of the start tag at `start`, in order, without those of namespaces."""
    tag = _tag_at(body, start)
    return [
        Span(*found.span(2 if found[2] is not None else 3), is_attribute=True)
        for found in _ATTRIBUTE.finditer(body, *tag.span("attributes"))
        if found[1] != b"xmlns" and not found[1].startswith(b"xmlns:")
    ]


def _tag_at(body: bytes, start: int) -> re.Match[bytes]:
    tag = _TAG.match(body, start)
    if tag is None:
        raise Malformed("a tag of the XML body can be read in two ways")
    return tag
