# SPDX-License-Identifier: Apache-2.0
"""Forms (`application/x-www-form-urlencoded`): one document, whose members are the pairs.

WHATWG URL §5: pairs between `&`, a `+` is a space, percent-encoded UTF-8. A value is a text; a name
without `=` has the empty one. A name may stand more than once only where the rule says
`name[*]`. A replaced value is spelled anew, every other byte stays.

Readers of forms differ, so what they differ in is refused: `;` (once a second separator), control
characters, broken percent-encodings, a byte order mark or `?` at the beginning, and names that some
take for a field's (`pairs`).
"""

import re
from urllib.parse import quote_plus, unquote_to_bytes

from sidecar.codecs.pairs import check_charset, check_names, find_place, misfits_of
from sidecar.codecs.places import check_places
from sidecar.codecs.reading import Edits, Misfit, Reading, Site
from sidecar.codecs.shape import Shape
from sidecar.codecs.texts import to_lexeme, to_text
from sidecar.envelope import is_sealed_text
from sidecar.errors import Malformed

_NO_FORM = re.compile(rb"\A(?:\xef\xbb\xbf|\?)|[;\x00-\x1f\x7f]|%(?![0-9A-Fa-f]{2})")


class _FormReading[T]:
    """The pairs in order, as they came."""

    def __init__(self, body: bytes, shape: Shape[T]) -> None:
        if _NO_FORM.search(body):
            raise Malformed(
                "the form has a `;`, a control character or a broken percent-encoding, or begins "
                "with `?` or a byte order mark"
            )
        self.sites: list[Site[T]] = []
        self.misfits: list[Misfit] = misfits_of(shape)
        self.documents = int(shape.is_document)
        self.claims = 0
        self.elements = body.count(b"&")
        check_places(self.elements)
        self._body = body
        self._pairs = body.split(b"&")
        check_names([self._visit(at, shape) for at in range(len(self._pairs))], shape)

    def render(self, edits: Edits[T] = ()) -> bytes:
        for site, lexeme in edits:
            at = int(site.key)
            name = self._pairs[at].partition(b"=")[0]
            self._pairs[at] = b"%b=%b" % (name, quote_plus(to_text(lexeme)).encode())
        return b"&".join(self._pairs) if edits else self._body

    def _visit(self, at: int, shape: Shape[T]) -> str:
        raw_name, _, raw_value = self._pairs[at].replace(b"+", b" ").partition(b"=")
        name, value = _decode(raw_name), unquote_to_bytes(raw_value)
        self.claims += is_sealed_text(name) + is_sealed_text(value)
        check_charset(name, value)
        place = find_place(shape, name)
        if place is not None and place.tag is not None:
            self.sites.append(Site(place.tag, to_lexeme(value), self.documents - 1, None, at))
        elif place is not None:
            self.misfits.append(Misfit(place.path, place.in_document))
        return name


def _decode(raw: bytes) -> str:
    try:
        return unquote_to_bytes(raw).decode()
    except UnicodeDecodeError:
        raise Malformed("a name in the form is not UTF-8") from None


class Form:
    """The codec."""

    media_types = frozenset({"application/x-www-form-urlencoded"})
    suffixes: frozenset[str] = frozenset()

    def read[T](self, body: bytes, shape: Shape[T]) -> Reading[T]:
        return _FormReading(body, shape)


CODEC = Form()
