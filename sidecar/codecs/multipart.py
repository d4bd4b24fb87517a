# SPDX-License-Identifier: Apache-2.0
"""Forms in parts (`multipart/form-data`, RFC 7578): one document, whose members are the parts.

A part's content is a text, whether or not it has a file name; where the part says that it is JSON,
it is that JSON value, and fields may lie in it. The heads of parts and contents that nobody
designated stay byte for byte.

The plan: cut the body at its boundary into delimiters and parts, read each part's head (the name
alone counts), find the content's place in the shape; replaced contents go back between the others.

Readers of parts differ more than any others, so one grammar holds (RFC 2046 §5.1.1 without padding)
and the rest is refused: the boundary anywhere but on a line of its own, anything but line ends
before and behind the parts, and what `part_head` and `pairs` refuse.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from sidecar.codecs.claims import count_claims, holds_envelope
from sidecar.codecs.json import CODEC as JSON
from sidecar.codecs.pairs import check_charset, check_names, find_place, misfits_of
from sidecar.codecs.part_head import PartHead, read_part_head
from sidecar.codecs.places import check_places
from sidecar.codecs.reading import Edits, Misfit, Reading, Site
from sidecar.codecs.shape import Shape
from sidecar.codecs.texts import to_lexeme, to_text
from sidecar.envelope import is_sealed_text
from sidecar.errors import CannotOpen, Malformed

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]")
_PARAMETERS = frozenset({"boundary", "charset"})
_BEFORE = re.compile(rb"(?:\r\n)?")
_BEHIND = re.compile(rb"--(?:\r\n)*+")


class _MultipartReading[T]:
    """The body in pieces; the contents of parts are among them."""

    def __init__(self, boundary: bytes, body: bytes, shape: Shape[T]) -> None:
        self.sites: list[Site[T]] = []
        self.misfits: list[Misfit] = misfits_of(shape)
        self.documents = int(shape.is_document)
        self._document = self.documents - 1
        self.elements = 0
        self.claims = 0
        self._mark = b"--" + boundary
        self._body = body
        self._pieces: list[bytes] = []
        self._inner: dict[int, Reading[T]] = {}
        names = []
        for head, content in self._cut():
            names.append(head.name)
            check_charset(head.name, content)
            member = shape.members.get(head.name)
            self._visit(head, content, member if head.is_json else find_place(shape, head.name))
        check_names(names, shape)

    def render(self, edits: Edits[T] = ()) -> bytes:
        contents: dict[int, bytes] = {}
        inner: defaultdict[int, list[tuple[Site[T], bytes]]] = defaultdict(list)
        for site, lexeme in edits:
            at = int(site.key)
            if isinstance(site.container, Site):
                inner[at].append((site.container, lexeme))
            else:
                contents[at] = lexeme if site.container is JSON else to_text(lexeme)
        for at, inner_edits in inner.items():
            contents[at] = self._inner[at].render(inner_edits)
        for at, content in contents.items():
            if self._mark in content:
                raise CannotOpen  # it would end its part
            self._pieces[at] = content
        return b"".join(self._pieces) if edits else self._body

    def _cut(self) -> Iterator[tuple[PartHead, bytes]]:
        """The parts in order; when one is told, its content is the last of the pieces."""
        mark, pieces = self._mark, self._pieces
        self.elements = self._body.count(mark)
        check_places(self.elements)
        preamble, *parts = self._body.split(mark)
        epilogue = parts.pop() if parts else b""
        if not epilogue.startswith(b"--"):
            raise Malformed("the parts of the body do not end with their boundary")
        if not (_BEFORE.fullmatch(preamble) and _BEHIND.fullmatch(epilogue)):
            raise Malformed("what stands before or behind the parts may be taken for one")
        pieces.append(preamble)
        for part in parts:
            head, end, content = part[2:-2].partition(b"\r\n\r\n")
            if not (part.startswith(b"\r\n") and part.endswith(b"\r\n") and end):
                raise Malformed("the boundary of parts stands elsewhere than on a line of its own")
            pieces += (b"%b\r\n%b%b" % (mark, head, end), content)
            yield read_part_head(head), content
            pieces.append(b"\r\n")
        pieces.append(mark + epilogue)

    def _visit(self, head: PartHead, content: bytes, place: Shape[T] | None) -> None:
        at = len(self._pieces) - 1
        if place is None:
            self.claims += is_sealed_text(content) or holds_envelope(content)
        elif not head.is_utf8:
            raise Malformed("a part at a protected place has another charset than UTF-8")
        elif place.tag is not None:
            lexeme = content.strip(b" \t\r\n") if head.is_json else to_lexeme(content)
            if not lexeme:
                raise Malformed("a part says that it is JSON, and is empty")
            self.claims += is_sealed_text(content) or (head.is_json and count_claims(content))
            codec = JSON if head.is_json else None
            self.sites.append(Site(place.tag, lexeme, self._document, codec, at))
        elif head.is_json:
            self._descend(at, JSON.read(content, place), content)
        else:
            self.misfits.append(Misfit(place.path, place.in_document))
        check_places(self.elements + len(self.sites))

    def _descend(self, at: int, reading: Reading[T], content: bytes) -> None:
        self.claims += count_claims(content)
        self._inner[at] = reading
        self.misfits += reading.misfits
        self.elements += reading.elements
        for site in reading.sites:
            document = self._document
            if site.document >= 0:  # documents of their own lie in this part
                document = self.documents + site.document
            self.sites.append(Site(site.tag, site.lexeme, document, site, at))
        self.documents += reading.documents


class Multipart:
    """The codec; it reads nothing before it knows the boundary."""

    media_types = frozenset({"multipart/form-data"})
    suffixes: frozenset[str] = frozenset()

    def __init__(self, boundary: str = "") -> None:
        self._boundary = boundary.encode()

    def with_parameters(self, parameters: Mapping[str, str]) -> "Multipart | None":
        """The codec for bodies of one boundary; None where it is none (RFC 2046 §5.1.1).

        Or where another parameter stands beside it: some readers take `xboundary` for it.
        """
        boundary = parameters.get("boundary", "")
        if not parameters.keys() <= _PARAMETERS:
            return None
        return Multipart(boundary) if _BOUNDARY.fullmatch(boundary) else None

    def read[T](self, body: bytes, shape: Shape[T]) -> Reading[T]:
        if not self._boundary:
            raise Malformed("a body in parts whose boundary is not told")
        return _MultipartReading(self._boundary, body, shape)


CODEC = Multipart()
