# SPDX-License-Identifier: Apache-2.0
"""JSON bodies (RFC 8259): sites by shape, edits by splicing.

The plan: objects and lists on the way to a designated place are decoded one level deep into raw
values (`msgspec.Raw` is a span of the body, checked and not interpreted); the rest stays a span.
A replaced value changes its slot in that thin tree, and encoding the tree pastes the spans that
nobody touched. Only white space between the members of a changed object or list goes.

RFC 8259 §4 leaves repeated names to the reader, and two readers differ: an object on the way that
repeats a name is refused, and in a wary shape one with a name that merely looks like the rule's.
Also refused: what is not UTF-8 or starts with a byte order mark (§8.1), lone surrogates, NaN,
several texts in one body, nesting deeper than MAX_DEPTH. What a value means is not decided here.
"""

import re
from codecs import BOM_UTF8
from typing import Any

import msgspec

from sidecar.codecs.claims import count_claims
from sidecar.codecs.places import check_places
from sidecar.codecs.reading import Edits, Misfit, Reading, Site
from sidecar.codecs.shape import Shape
from sidecar.errors import Malformed

MAX_DEPTH = 64
"""Levels of nesting; far above any store's documents, far below every parser's own limit."""
MAX_DEPTH_OF_ANSWERS = 2 * MAX_DEPTH
"""So that what was written is read again, whatever a store puts around it (law 7)."""

_BACKSLASH = ord("\\")  # as a number it is found many times as fast as in bytes
_WHITE_SPACE = b" \t\r\n"
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'"{}[]'))
_NAME = re.compile(rb'[ \t\r\n]*("(?:[^"\\]|\\.)*+")[ \t\r\n]*:[ \t\r\n]*', re.DOTALL)
_AFTER_VALUE = re.compile(rb"[ \t\r\n]*([,}])")

_encode = msgspec.json.Encoder().encode
_check = msgspec.json.Decoder(msgspec.Raw).decode
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_items = msgspec.json.Decoder(list[msgspec.Raw]).decode


class _Opened(msgspec.Struct, gc=False):
    """An object or list that was decoded: where it stands (`outer`, `key`), what it was and is now.

    `names` is how an object spells them, where encoding spells them otherwise.
    """

    outer: "_Opened | None"
    key: str | int
    text: bytes
    content: Any
    names: list[bytes] | None
    is_changed: bool = False

    def close(self) -> Any:
        """Put what the encoder takes for it in its place, once those in it are closed."""
        closed = self.content if self.is_changed else msgspec.Raw(self.text)
        if self.is_changed and self.names is not None:
            pairs = zip(self.names, self.content.values(), strict=True)
            members = b",".join([b"%b:%b" % (name, _encode(value)) for name, value in pairs])
            closed = msgspec.Raw(b"{%b}" % members)
        if self.outer is not None:
            self.outer.content[self.key] = closed
            self.outer.is_changed |= self.is_changed
        return closed


class _JsonReading[T]:
    """One JSON text, decoded along the ways that its shape names."""

    __slots__ = ("_body", "_opened", "_text", "documents", "elements", "misfits", "sites")

    def __init__(self, body: bytes, shape: Shape[T]) -> None:
        self.sites: list[Site[T]] = []
        self.misfits: list[Misfit] = []
        self.documents = 0
        self.elements = 0
        self._body = body
        self._opened: list[_Opened] = []
        self._text = body.strip(_WHITE_SPACE)
        self._visit(None, "", self._text, shape, -1)

    @property
    def claims(self) -> int:
        return count_claims(self._body)

    def render(self, edits: Edits[T] = ()) -> bytes:
        if not edits:
            return self._body
        for site, lexeme in edits:
            place = site.container
            place.content[site.key] = msgspec.Raw(lexeme)
            place.is_changed = True
        root = None
        for opened in reversed(self._opened):  # the innermost first, the root last
            root = opened.close()
        text = _encode(root)
        return text if self._text is self._body else self._body.replace(self._text, text)

    def _visit(
        self, outer: _Opened | None, key: str | int, text: bytes, shape: Shape[T], document: int
    ) -> None:
        if shape.is_document:
            document = self.documents
            self.documents += 1
        if shape.members and text[:1] == b"{":
            members: dict[str, Any] = _decode_members(text)
            self.elements += shape.check_names(members)
            opened = _Opened(outer, key, text, members, _names(text, members))
            self._opened.append(opened)
            self.sites += [
                Site(tag, _encode(members[name]), document, opened, name)
                for name, tag in shape.leaves
                if name in members
            ]
            for name, below in shape.branches:
                if name in members:
                    self._visit_below(opened, name, below, document)
        elif shape.items is not None and text[:1] == b"[":
            items: list[Any] = _decode_items(text)
            self.elements += len(items)
            check_places(self.elements)
            opened = _Opened(outer, key, text, items, None)
            self._opened.append(opened)
            for index in range(len(items)):
                self._visit_below(opened, index, shape.items, document)
        elif text != b"null":
            _check(text)
            self.misfits.append(Misfit(shape.path, shape.in_document))

    def _visit_below(self, outer: _Opened, key: str | int, shape: Shape[T], document: int) -> None:
        value = _encode(outer.content[key])
        if shape.tag is None:
            check_places(self.elements + len(self.sites))
            self._visit(outer, key, value, shape, document)
        else:
            self.sites.append(Site(shape.tag, value, document, outer, key))


def _names(text: bytes, members: dict[str, msgspec.Raw]) -> list[bytes] | None:
    """The names of the object `text` as it spells them, or None where encoding spells them so.

    Raises Malformed where a name is repeated. `members` holds the last value of each name. Without
    an escape every quote delimits, so a name and a value that are lost to a repetition leave fewer
    of them. Nor does a text that encodes to itself, compact or in the spacing of Python's `json`,
    repeat one. Only another spelling is walked, in exactly one step for each entry, and ends on the
    brace, or else a name is repeated: a value that stands at its place in the text, and has a
    delimiter behind it, is the whole value there.
    """
    compact = _encode(members)
    if _BACKSLASH not in text:
        if len(text) != len(compact) and text.count(b'"') != compact.count(b'"'):
            raise _repeated_name()
        return None
    if text == compact or text == msgspec.json.format(compact, indent=0):
        return None
    names = []
    at = 1
    delimiter = b"}"
    for value in members.values():
        name = _NAME.match(text, at)
        if name is None or not text.startswith(value, name.end()):
            raise _repeated_name()
        after = _AFTER_VALUE.match(text, name.end() + len(value))
        if after is None:
            raise _repeated_name()
        names.append(name[1])
        at = after.end()
        delimiter = after[1]
    if delimiter != b"}":
        raise _repeated_name()
    return names


def _repeated_name() -> Malformed:
    return Malformed("a JSON object on the way to a protected field has the same name twice")


def most_levels(shape: Shape[Any]) -> int:
    """How deep a body may be nested that is read by `shape`."""
    return MAX_DEPTH_OF_ANSWERS if shape.known is None else MAX_DEPTH


def _is_too_deep(body: bytes, levels: int) -> bool:
    """Whether some value lies inside more than `levels` brackets."""
    # Taken out, a few brackets are found in a fifth of the time that `count` takes for them.
    most = levels + 1
    others = len(body.replace(b"{", b"", most)) + len(body.replace(b"[", b"", most))
    if 2 * len(body) - others <= levels:
        return False
    if _BACKSLASH in body:
        body = body.replace(rb"\\", b"").replace(rb"\"", b"")
    outside_strings = body.translate(_BRACKETS, _NOT_STRUCTURE).split(b'"')[::2]
    structure = b"".join(outside_strings)
    for _ in range(levels):  # each round takes the innermost level away
        structure = structure.replace(b"[]", b"")
    return bool(structure)


class Json:
    """The codec."""

    media_types = frozenset({"application/json"})
    suffixes = frozenset({"+json"})

    def read[T](self, body: bytes, shape: Shape[T]) -> Reading[T]:
        levels = most_levels(shape)
        if len(body) > levels and _is_too_deep(body, levels):
            raise Malformed(f"the JSON body is nested deeper than {levels} levels")
        try:
            if not body.isascii():
                body.decode()  # spans are not checked by the decoder
            return _JsonReading(body, shape)
        except UnicodeDecodeError as error:
            raise Malformed(f"the JSON body is not UTF-8 at byte {error.start}") from None
        except (msgspec.DecodeError, RecursionError):
            mark = ", because of a byte order mark" if body.startswith(BOM_UTF8) else ""
            raise Malformed(f"the body is not one JSON text{mark}") from None


CODEC = Json()
