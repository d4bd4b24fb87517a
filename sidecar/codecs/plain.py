# SPDX-License-Identifier: Apache-2.0
"""Whole bodies: one value, whatever the bytes are (`text/plain`, `application/octet-stream`).

For rules whose field is `$`. The value is a JSON string of the body in UTF-8; a byte that is no
part of it becomes the lone surrogate U+DC80 to U+DCFF (PEP 383), so that every body comes back byte
for byte and a body that is text is the same value as that text elsewhere. The price: of bytes that
are no text, each takes six in the plaintext.
"""

import json

from sidecar.codecs.reading import Edits, Misfit, Reading, Site
from sidecar.codecs.shape import Shape
from sidecar.envelope import is_sealed_text
from sidecar.errors import CannotOpen

_START = 64
_MARKS = b"\xef\xbb\xbf\xfe\xff \t\r\n"
"""White space and byte order marks."""


class _PlainReading[T]:
    """The body."""

    elements = 0
    documents = 0

    def __init__(self, body: bytes, shape: Shape[T]) -> None:
        self.sites: list[Site[T]] = []
        self.misfits: list[Misfit] = []
        self.claims = int(_claims_to_be_sealed(body))
        self._body = body
        if shape.tag is not None:
            text = body.decode("utf-8", "surrogateescape")
            self.sites.append(Site(shape.tag, json.dumps(text).encode(), -1, None, 0))
        else:
            self.misfits.append(Misfit(shape.path, shape.in_document))

    def render(self, edits: Edits[T] = ()) -> bytes:
        return _content(edits[0][1]) if edits else self._body  # there is one site


def _content(lexeme: bytes) -> bytes:
    if not lexeme.startswith(b'"'):
        return lexeme
    try:
        return bytes(json.loads(lexeme).encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        raise CannotOpen from None


def _claims_to_be_sealed(body: bytes) -> bool:
    """Whether the text is an envelope, as it stands or as a store may have coded it anew."""
    start = body[:_START].replace(b"\0", b"")
    return is_sealed_text(start.lstrip(_MARKS))


class Plain:
    """The codec."""

    media_types = frozenset({"text/plain", "application/octet-stream"})
    suffixes: frozenset[str] = frozenset()

    def read[T](self, body: bytes, shape: Shape[T]) -> Reading[T]:
        return _PlainReading(body, shape)


WHOLE_CODEC = Plain()
