# SPDX-License-Identifier: Apache-2.0
"""JSON Patch bodies (RFC 6902): edits of the document that a rule's paths are named from.

The plan: the list of operations is itself read as JSON, and each operation's JSON Pointer (RFC
6901) is walked through the shape. What `add`, `replace` and `test` bring is one site where the
pointer ends at a designated place, and is searched as JSON where it ends above one. Documents are
those that the pointers lead to: all of one patch that lie outside lists are one, so that
`test /id` tells the record of a `replace /ssn`.

Refused: a pointer into a designated value, which the store does not have in parts; `move` and
`copy` that touch a designated place, unless both ends are the same place of one document
(`/cards/0` to `/cards/1`), because the store would carry a value where it does not open, or in
clear to where it has to be sealed; pointers and operations in other spellings than the RFCs'.
"""

import re
from typing import NamedTuple

import msgspec

from sidecar.codecs.claims import count_claims
from sidecar.codecs.json import CODEC as JSON
from sidecar.codecs.places import check_places
from sidecar.codecs.reading import Edits, Misfit, Reading, Site
from sidecar.codecs.shape import Shape, build_shape
from sidecar.errors import Malformed, Refused
from sidecar.fieldpath import EACH, FieldPath

_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*+)*+")
_INDEX = re.compile(r"-|0|[1-9][0-9]*+")
_LOOSE_INDEX = re.compile(r"\s*[-+]?[\d_]+\s*")
"""What `int()` of some language takes besides."""
_BRINGING = frozenset({"add", "replace", "test"})
_CARRYING = frozenset({"move", "copy"})
_NOTHING = b"null"
_MEMBERS = [(FieldPath((name,)), name) for name in ("op", "path", "from", "value")]
_OPERATIONS = build_shape([FieldPath((EACH,))], _MEMBERS, wary=True)
_ANY_EDITS = build_shape([FieldPath((EACH,)), FieldPath(("Operations", EACH))], _MEMBERS)
"""SCIM (RFC 7644 section 3.5.2) wraps a list of operations, with paths of its own."""

type _Key = tuple[object, ...]
"""What names a document of one patch: where it stands and, in a list, the operation as well."""


class _Place[T](NamedTuple):
    """Where a pointer leads; `shape` is None away from every designated place.

    `document` is the key of the document around the place, or of the one that is the place.
    """

    shape: Shape[T] | None
    document: _Key | None
    is_inside: bool = False


class _Found[T](NamedTuple):
    """Where a site stands: an operation's value, or what was found in it as JSON."""

    value: Site[str]
    within: tuple[Reading[T], Site[T]] | None


class _PatchReading[T]:
    """The operations in order."""

    def __init__(self, body: bytes, shape: Shape[T]) -> None:
        self.sites: list[Site[T]] = []
        self.misfits: list[Misfit] = []
        self.documents = 0
        self.claims = count_claims(body)
        self._shape = shape
        self._numbers: dict[_Key, int] = {}
        self._outer = JSON.read(body, _OPERATIONS)
        self.elements = self._outer.elements
        if self._outer.misfits or not body.lstrip().startswith(b"["):
            raise Malformed("a JSON Patch is a list of operations")
        operations: list[dict[str, Site[str]]] = [{} for _ in range(self._outer.documents)]
        for site in self._outer.sites:
            operations[site.document][site.tag] = site
        for position, members in enumerate(operations):
            self._visit(position, members)

    def render(self, edits: Edits[T] = ()) -> bytes:
        values: list[tuple[Site[str], bytes]] = []
        searched: dict[Reading[T], tuple[Site[str], list[tuple[Site[T], bytes]]]] = {}
        for site, lexeme in edits:
            value, within = site.container
            if within is None:
                values.append((value, lexeme))
            else:
                reading, inner = within
                searched.setdefault(reading, (value, []))[1].append((inner, lexeme))
        for reading, (value, inners) in searched.items():
            values.append((value, reading.render(inners)))
        return self._outer.render(values)

    def _visit(self, position: int, members: dict[str, Site[str]]) -> None:
        operation = _text(members, "op")
        place = self._walk(position, _text(members, "path"))
        value = members.get("value")
        if operation in _BRINGING:
            if value is None:
                raise Malformed(f"{operation!r} of a JSON Patch without a value")
            self._visit_value(place, value, is_compared=operation == "test")
            return
        if value is not None and value.lexeme != _NOTHING:
            raise Malformed("an operation of a JSON Patch that takes no value has one")
        if operation in _CARRYING:
            _check_carrying(self._walk(position, _text(members, "from")), place)
        elif operation != "remove":
            raise Malformed("a JSON Patch has an operation that RFC 6902 does not know")

    def _walk(self, position: int, pointer: str) -> _Place[T]:
        if not _POINTER.fullmatch(pointer):
            raise Malformed("a JSON Patch has a path that is no JSON Pointer")
        shape = self._shape
        document: _Key | None = () if shape.is_document else None
        key: _Key = ()
        for token in pointer.split("/")[1:]:
            if shape.tag is not None:
                return _Place(shape, document, is_inside=True)
            name = token.replace("~1", "/").replace("~0", "~")
            below = shape.members.get(name)
            key = (*key, name)
            if below is None and _INDEX.fullmatch(name):
                if shape.items is None:
                    self.misfits.append(Misfit(shape.path, shape.in_document))
                    return _Place(None, document)
                below = shape.items
                key = (*key, position)  # the next operation may find another one at this index
            if below is None:
                self.elements += shape.check_names((name,))
                if _is_loose_index(shape, name):
                    raise Malformed("a path of a JSON Patch has an index in another spelling")
                return _Place(None, document)
            shape = below
            if shape.is_document:
                document = key
        return _Place(shape, document)

    def _visit_value(self, place: _Place[T], value: Site[str], *, is_compared: bool) -> None:
        shape = place.shape
        if shape is None:
            return
        number = self._number(place.document)
        if place.is_inside:
            self.misfits.append(Misfit(shape.path, in_document=True))
        elif shape.tag is not None:
            found = _Found[T](value, None)
            self.sites.append(Site(shape.tag, value.lexeme, number, found, 0, is_compared))
        else:
            self._search(shape, number, value, is_compared=is_compared)

    def _search(self, shape: Shape[T], number: int, value: Site[str], *, is_compared: bool) -> None:
        reading = JSON.read(value.lexeme, shape)
        first = 0 if shape.is_document else -1  # how the reading numbers what is already numbered
        before = self.documents - first - 1
        self.documents += reading.documents - first - 1
        self.misfits += reading.misfits
        self.elements += reading.elements
        for site in reading.sites:
            document = number if site.document == first else before + site.document
            found = _Found(value, (reading, site))
            self.sites.append(Site(site.tag, site.lexeme, document, found, 0, is_compared))
        check_places(self.elements + len(self.sites))

    def _number(self, key: _Key | None) -> int:
        if key is None:
            return -1
        if key not in self._numbers:
            self._numbers[key] = self.documents
            self.documents += 1
        return self._numbers[key]


def _is_loose_index[T](shape: Shape[T], name: str) -> bool:
    """Whether a step that is no index may be taken for one of a list on the way."""
    is_list = shape.items is not None
    return is_list and (not shape.members or _LOOSE_INDEX.fullmatch(name) is not None)


def _check_carrying[T](source: _Place[T], target: _Place[T]) -> None:
    if source.shape is None and target.shape is None:
        return
    if source != target or source.is_inside:
        raise Refused(
            "a JSON Patch moves or copies a protected field to another place, or another value to "
            "its place"
        )


def _text(members: dict[str, Site[str]], name: str) -> str:
    try:
        return msgspec.json.decode(members[name].lexeme, type=str)
    except (KeyError, msgspec.ValidationError):
        raise Malformed(f"an operation of a JSON Patch without a text {name!r}") from None


def seems_a_patch(body: bytes) -> bool:
    """Whether a JSON body is a list of edits, whatever its media type says.

    Malformed where it cannot be read.
    """
    tags = {site.tag for site in JSON.read(body, _ANY_EDITS).sites}
    return {"op", "path"} <= tags


class JsonPatch:
    """The codec."""

    media_types = frozenset({"application/json-patch+json"})
    suffixes: frozenset[str] = frozenset()

    def read[T](self, body: bytes, shape: Shape[T]) -> Reading[T]:
        return _PatchReading(body, shape)


CODEC = JsonPatch()
