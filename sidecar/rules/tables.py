# SPDX-License-Identifier: Apache-2.0
"""Mappings read by a table: from each key to what reads its value, and tells what it takes.

Everything wrong in a mapping or a list is found in one go: values that do not fit, keys that are
missing or unknown. Raises Faults. A reader that is `Described` says in JSON Schema what it reads,
so that the schema for editors (`schema`) comes from the very tables that read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sidecar.rules.faults import Collector
from sidecar.strict_yaml import Entry, Reader, nearest

type Table = Mapping[str, Reader[Any]]

MOST_ITEMS = 1024


@dataclass(frozen=True, slots=True)
class Described[T]:
    """A reader, and in JSON Schema what it reads; a `Shape` in it is a mapping read by a table."""

    read: Reader[T]
    schema: Mapping[str, object] | Shape

    def __call__(self, entry: Entry) -> T:
        return self.read(entry)


@dataclass(frozen=True, slots=True)
class Shape:
    """A mapping that a table reads; keys of `exclusive` do not stand together.

    `more` is what JSON Schema is told besides.
    """

    table: Table
    required: Collection[str] = ()
    exclusive: Collection[str] = ()
    more: Mapping[str, object] = field(default_factory=dict)


def one_of(words: Iterable[str]) -> Described[str]:
    """A reader of one of `words`."""
    known = tuple(str(word) for word in words)
    return Described(lambda entry: entry.one_of(known), {"enum": list(known)})


def integer(low: int, high: int) -> Described[int]:
    """A reader of an integer within `low`..`high`."""
    schema = {"type": "integer", "minimum": low, "maximum": high}
    return Described(lambda entry: entry.integer(low, high), schema)


def list_of[T](reader: Reader[T], at_most: int = MOST_ITEMS) -> Described[tuple[T, ...]]:
    """A reader of a list: at least one item, none of them twice."""
    schema = {
        "type": "array",
        "items": schema_of(reader),
        "minItems": 1,
        "maxItems": at_most,
        "uniqueItems": True,
    }
    return Described(lambda entry: read_list(entry, reader, at_most), schema)


def schema_of(reader: Reader[Any]) -> Mapping[str, object] | Shape:
    """What `reader` reads; TypeError where it does not say."""
    if not isinstance(reader, Described):
        raise TypeError("a reader that does not say in JSON Schema what it reads")
    return reader.schema


def read_mapping(entry: Entry, table: Table, required: Collection[str] = ()) -> dict[str, Any]:
    """The values of the keys that stand in `entry`, each read by its reader."""
    errors = Collector()
    values: dict[str, Any] = {}
    present = set()
    for key, value in entry.entries():
        name = key.name()
        present.add(name)
        if name in table:
            values[name] = errors.attempt(table[name], value)
        else:
            errors.found.append(key.error(f"unknown key {name!r}{nearest(name, table)}"))
    errors.found.extend(
        entry.error(f"{name!r} is missing") for name in required if name not in present
    )
    errors.finish()
    return values


def read_list[T](entry: Entry, reader: Reader[T], at_most: int = MOST_ITEMS) -> tuple[T, ...]:
    """The items of a list: at least one, none of them twice."""
    errors = Collector()
    items = entry.items()
    if not items:
        raise entry.error("an empty list")
    if len(items) > at_most:
        raise items[at_most].error(f"more than {at_most} in this list")
    read: list[T] = []
    for item in items:
        value = errors.attempt(reader, item)
        if value is None:
            continue
        if value in read:
            errors.found.append(item.error("this stands here twice"))
        read.append(value)
    errors.finish()
    return tuple(read)
