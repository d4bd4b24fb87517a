# SPDX-License-Identifier: Apache-2.0
"""XML bodies (XML 1.0, Namespaces in XML 1.0): sites by shape, edits by splicing.

The plan: expat reads the body once and tells where each tag begins; a stack of open elements walks
the shape beside it. `$` is the root element, whatever its name. A step is the local name of a child
element, in any namespace; `@name` is an attribute; `name[*]` is each element of that name; a `[*]`
that follows no name (`$[*]`) is each element inside that has elements of its own. An element of
text alone is a value, a text; one with `xsi:nil` is null.

Refused on the way to a designated place: text beside elements, elements that stand twice where the
rule knows one, and comments in a value, which readers cut in different ways. What is refused
anywhere stands in `xml_oddities`.
"""

from xml.parsers import expat

from sidecar.codecs.json import most_levels
from sidecar.codecs.places import MAX_PLACES, check_places
from sidecar.codecs.reading import Edits, Misfit, Reading, Site
from sidecar.codecs.shape import Shape
from sidecar.codecs.texts import to_lexeme
from sidecar.codecs.xml_oddities import (
    check_declaration,
    check_names,
    is_reference,
    refuse_document_type,
    refuse_instruction,
)
from sidecar.codecs.xml_spelling import Span, attribute_spans, content_span
from sidecar.envelope import is_sealed_text
from sidecar.errors import Malformed, TooLarge

MAX_NODES = 4 * MAX_PLACES
"""Elements and attributes; those that nobody designated are cheaper to read than places."""

_NIL = "http://www.w3.org/2001/XMLSchema-instance nil"


class _Element[T]:
    """An open element; `shape` is None away from every designated place.

    `is_loose` is one that `[*]` reached by no name: it may as well be a value that nobody named.
    """

    __slots__ = (
        "document", "has_children", "has_text", "is_loose", "is_nil", "names", "shape", "start",
    )  # fmt: skip

    def __init__(self, shape: Shape[T] | None, document: int, *, is_loose: bool) -> None:
        self.shape = shape
        self.document = document
        self.is_loose = is_loose
        self.start = 0
        self.is_nil = False
        self.has_text = False
        self.has_children = False
        self.names: dict[str, None] = {}

    @property
    def is_value(self) -> bool:
        return self.shape is not None and self.shape.tag is not None


class _XmlReading[T]:
    """One document, read by expat's calls."""

    elements = 0  # none is read by itself

    def __init__(self, body: bytes, shape: Shape[T]) -> None:
        self.sites: list[Site[T]] = []
        self.misfits: list[Misfit] = []
        self.documents = 0
        self._nodes = 0
        self.claims = 0
        self._body = body
        self._root = shape
        self._is_wary = shape.known is not None
        self._levels = most_levels(shape)
        self._compared = 0
        self._open: list[_Element[T]] = []
        self._text: list[str] = []
        self._parser = self._new_parser()
        try:
            self._parser.Parse(body, True)  # noqa: FBT003 - "isfinal", by position only
        finally:
            del self._parser  # it holds this reading, which would outlive its message

    def render(self, edits: Edits[T] = ()) -> bytes:
        if any(site.container is None for site, _ in edits):
            raise Malformed("an element that is nil cannot take a value")
        parts = []
        at = 0
        for span, lexeme in sorted((site.container, lexeme) for site, lexeme in edits):
            parts += [self._body[at : span.start], span.spell(lexeme)]
            at = span.end
        return b"".join([*parts, self._body[at:]]) if edits else self._body

    def _new_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate("UTF-8", " ")
        parser.ordered_attributes = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        parser.CommentHandler = self._comment
        parser.XmlDeclHandler = check_declaration
        parser.StartDoctypeDeclHandler = refuse_document_type
        parser.ProcessingInstructionHandler = refuse_instruction
        return parser

    def _take_text(self) -> str:
        """The text since the last tag."""
        text = "".join(self._text)
        self._text.clear()
        self._count_claim(text)
        return text

    def _count_claim(self, text: str) -> None:
        if "enc:" in text:
            self.claims += is_sealed_text(text.strip())

    def _start(self, name: str, attributes: list[str]) -> None:
        text = self._take_text()
        if len(self._open) >= self._levels:
            raise Malformed(f"the XML body is nested deeper than {self._levels} levels")
        self._nodes += 1 + len(attributes) // 2
        if self._nodes > MAX_NODES:
            raise TooLarge(f"an XML body with more than {MAX_NODES} elements and attributes")
        if self._open:
            parent = self._open[-1]
            parent.has_children = True
            parent.has_text |= not text.isspace() and text != ""
            element = self._child(parent, name.rpartition(" ")[2])
        else:
            element = _Element(self._root, -1, is_loose=False)
        self._open.append(element)
        if element.shape is not None:
            if element.shape.is_document:
                element.document = self.documents
                self.documents += 1
            element.start = self._parser.CurrentByteIndex
        self._visit_attributes(element, attributes)

    def _child(self, parent: _Element[T], name: str) -> _Element[T]:
        """An element named `name` in `parent`, with the shape that its place has."""
        shape = parent.shape
        if shape is None or shape.tag is not None:
            return _Element(None, -1, is_loose=False)
        member = shape.members.get(name)
        is_second = name in parent.names
        parent.names[name] = None
        if member is None:
            return _Element(shape.items, parent.document, is_loose=True)
        if member.items is None:
            if is_second:
                raise Malformed(f"{member.path!r} stands twice; if it may, the rule says `[*]`")
            return _Element(member, parent.document, is_loose=False)
        place = member if member.members else member.items
        return _Element(place, parent.document, is_loose=False)

    def _visit_attributes(self, element: _Element[T], attributes: list[str]) -> None:
        shape = element.shape
        pairs = list(zip(attributes[::2], attributes[1::2], strict=True))
        for _, value in pairs:
            self._count_claim(value)
        if shape is None:
            return
        for at, (name, value) in enumerate(pairs):
            if name == _NIL:
                element.is_nil = value.strip() in {"true", "1"}
            if self._is_wary and is_reference(name, value):
                raise Malformed("an element on the way to a protected field refers to another")
            local = f"@{name.rpartition(' ')[2]}"
            if shape.tag is not None:
                continue
            place = shape.members.get(local)
            if place is not None and local in element.names:
                raise Malformed(f"{place.path!r} stands twice, in two namespaces")
            element.names[local] = None
            if place is not None and place.tag is not None:
                span = attribute_spans(self._body, element.start)[at]
                self._add_site(place.tag, value, element, span)
            elif place is not None:
                self.misfits.append(Misfit(place.path, place.in_document))

    def _end(self, _name: str) -> None:
        text = self._take_text()
        element = self._open.pop()
        shape = element.shape
        if shape is None:
            return
        element.has_text |= not text.isspace() and text != ""
        if shape.tag is not None:
            self._end_value(element, shape, shape.tag, text)
            return
        if element.has_text and not element.is_loose:
            if element.has_children:
                raise Malformed("text stands beside elements on the way to a protected field")
            self.misfits.append(Misfit(shape.path, shape.in_document))
        if self._is_wary:
            self._compared += check_names(shape, element.names)
            check_places(self._compared)

    def _end_value(self, element: _Element[T], shape: Shape[T], tag: T, text: str) -> None:
        if element.has_children:
            self.misfits.append(Misfit(shape.path, shape.in_document))
            return
        if element.is_nil:
            if text:
                raise Malformed("an element is nil and has a text")
            self.sites.append(Site(tag, b"null", element.document, None, 0))
            return
        span = content_span(self._body, element.start, self._parser.CurrentByteIndex)
        self._add_site(tag, text, element, span)

    def _add_site(self, tag: T, text: str, element: _Element[T], span: Span) -> None:
        self.sites.append(Site(tag, to_lexeme(text.encode()), element.document, span, 0))
        check_places(len(self.sites))

    def _comment(self, _text: str) -> None:
        if self._open and self._open[-1].is_value:
            raise Malformed("a comment stands in the value of a protected field")


class Xml:
    """The codec."""

    media_types = frozenset({"application/xml", "text/xml"})
    suffixes = frozenset({"+xml"})

    def read[T](self, body: bytes, shape: Shape[T]) -> Reading[T]:
        try:
            if b"\0" in body:  # UTF-16 is read by expat whatever it is told
                raise Malformed("the body is another XML than 1.0 in UTF-8")
            body.decode()
            return _XmlReading(body, shape)
        except UnicodeDecodeError as error:
            raise Malformed(f"the XML body is not UTF-8 at byte {error.start}") from None
        except expat.ExpatError:
            raise Malformed("the body is not one well-formed XML document") from None


CODEC = Xml()
