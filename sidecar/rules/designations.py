# SPDX-License-Identifier: Apache-2.0
"""What a rule designates: from each place, in documents or outside, to what sealing makes of it.

Outside of documents stand header fields, cookies, variables of the path and parameters of the
query. A header or cookie has a logical name of its own kind; a variable or parameter that of the
field that it looks for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from sidecar.fieldpath import FieldPath
from sidecar.rules import patterns, words
from sidecar.rules.faults import Collector, placed
from sidecar.rules.fields import (
    IN_TARGET,
    MAX_KEEP_LAST,
    MAX_SHOWN,
    NORMALIZERS,
    Field,
    Mask,
    Mode,
    Place,
)
from sidecar.rules.tables import (
    Described,
    Shape,
    Table,
    integer,
    list_of,
    one_of,
    read_mapping,
    schema_of,
)
from sidecar.strict_yaml import Entry

_MODES = {
    "seal": {"value": Mode.SEALED, "json": Mode.JSON},
    "search": {"equality": Mode.EQUALITY},
    "format": {"digits": Mode.DIGITS},
}
"""The keys that choose a mode, of which a field has at most one, and their words."""


_COOKIE = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
"""A token (RFC 6265 section 4.1.1)."""
_ANY = re.compile(".*")
_NOT_VALUES = frozenset(
    {"accept-encoding", "content-encoding", "content-location", "cookie", "if-range", "location"}
    | {"range", "set-cookie", "trailer", "upgrade", "x-original-url", "x-rewrite-url"}
)
"""Header fields that the proxy reads or changes itself."""


def read_fields(entry: Entry) -> tuple[Field, ...]:
    """The `fields` of a rule."""
    return _read_all(_read_field, entry)


def _read_outside(place: Place, name: Callable[[Entry], str], entry: Entry) -> tuple[Field, ...]:
    def read(key: Entry, value: Entry) -> Field:
        word = name(key)
        logical = word if place in IN_TARGET else f"{place.value}:{word}"
        values = {"name": logical, "path": FieldPath((word,)), "place": place}
        return _build(key, values | _read_options(value))

    return _read_all(read, entry)


def _read_all(read: Callable[[Entry, Entry], Field], entry: Entry) -> tuple[Field, ...]:
    errors = Collector()
    fields = [errors.attempt(read, key, value) for key, value in entry.entries()]
    errors.finish()
    return tuple(field for field in fields if field is not None)


def _header(key: Entry) -> str:
    name = words.header(key)
    if name in _NOT_VALUES or name.endswith(("-digest", "-md5")) or name == "digest":
        raise key.error(f"{key.name()!r} is the proxy's own to read, and holds no value")
    return name


def _cookie(key: Entry) -> str:
    if not _COOKIE.fullmatch(key.name()):
        raise key.error(f"{key.name()!r} is not the name of a cookie")
    return key.name()


def _read_field(key: Entry, value: Entry) -> Field:
    path = words.path(key)
    return _build(key, {"name": str(path), "path": path} | _read_options(value))


def _build(key: Entry, values: dict[str, Any]) -> Field:
    values["name"] = values.pop("as", values["name"])
    return placed(key, lambda: Field(**values, where=key.where))


def _read_options(entry: Entry) -> dict[str, Any]:
    if not entry.is_mapping:
        entry.one_of(("sealed",))
        return {}
    values = read_mapping(entry, FIELD)
    if not values:
        raise entry.error("nothing here; write `sealed`")
    modes = [key for key in _MODES if key in values]
    if len(modes) > 1:
        raise entry.error(f"{' and '.join(f'`{key}`' for key in modes)} exclude each other")
    for key in modes:
        values["mode"] = _MODES[key][values.pop(key)]
    return values


def _mask(entry: Entry) -> Mask:
    if entry.is_mapping:
        return Mask(**read_mapping(entry, MASK, required=MASK))
    return MASKS[entry.one_of(MASKS)]


MASK: Table = {"last": integer(1, MAX_SHOWN)}
MASKS = {"hash": Mask(is_hash=True), "hidden": Mask()}
_MASK_SCHEMA = {"anyOf": [schema_of(one_of(MASKS)), Shape(MASK, required=MASK)]}

FIELD: Table = {
    "seal": one_of(_MODES["seal"]),
    "search": one_of(_MODES["search"]),
    "format": one_of(_MODES["format"]),
    "normalize": list_of(one_of(NORMALIZERS)),
    "keep_last": integer(1, MAX_KEEP_LAST),
    "null": one_of(("keep", "seal")),
    "as": words.logical_name,
    "mask": Described(_mask, _MASK_SCHEMA),
}
_SEALED = {"const": "sealed"}
_NULL_KEPT = {"null": {"const": "keep"}}
_OPTIONS = Shape(
    FIELD,
    exclusive=tuple(_MODES),
    more={
        "minProperties": 1,
        "dependentRequired": {"normalize": ["search"], "keep_last": ["format"]},
        "dependentSchemas": {"format": {"properties": _NULL_KEPT}},
        "if": {"required": ["seal"], "properties": {"seal": {"const": "json"}}},
        "then": {"properties": {"mask": {"enum": list(MASKS)}}},
    },
)
_IN_BODIES = {"anyOf": [_SEALED, _OPTIONS]}
_IN_HEADS = {"properties": {"seal": {"const": "value"}, **_NULL_KEPT}}
_IN_PATHS = {"required": ["search"], "properties": _NULL_KEPT}
_IN_QUERIES = {"required": ["search"], "properties": {"mask": False, **_NULL_KEPT}}


def _designations(names: object, each: object) -> dict[str, object]:
    """What is designated by name at one place, in JSON Schema."""
    return {
        "type": "object",
        "minProperties": 1,
        "propertyNames": names,
        "additionalProperties": each,
    }


def _outside(
    place: Place, name: Callable[[Entry], str], names: object, each: object
) -> Described[tuple[Field, ...]]:
    return Described(partial(_read_outside, place, name), _designations(names, each))


_HEADS = {"anyOf": [_SEALED, {"allOf": [_OPTIONS, _IN_HEADS]}]}
_HEADER_NAMES = {
    "allOf": [
        schema_of(words.header),
        patterns.text_but(_ANY, _NOT_VALUES),
        {"not": patterns.text("(.*-)?[Dd][Ii][Gg][Ee][Ss][Tt]|.*-[Mm][Dd]5")},
    ]
}
FIELDS = Described(read_fields, _designations(patterns.FIELD_PATH, _IN_BODIES))

OUTSIDE: Table = {
    "headers": _outside(Place.HEADER, _header, _HEADER_NAMES, _HEADS),
    "cookies": _outside(Place.COOKIE, _cookie, patterns.text(_COOKIE), _HEADS),
    "path": _outside(
        Place.PATH, words.logical_name, patterns.LINE, {"allOf": [_OPTIONS, _IN_PATHS]}
    ),
    "query": _outside(
        Place.QUERY, words.logical_name, patterns.LINE, {"allOf": [_OPTIONS, _IN_QUERIES]}
    ),
}
