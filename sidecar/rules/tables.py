# SPDX-License-Identifier: Apache-2.0
"""Mappings read by a table: from each key to what reads its value.

Everything wrong in a mapping or a list is found in one go: values that do not fit, keys that are
missing or unknown. Raises Faults.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sidecar.rules.faults import Collector
from sidecar.strict_yaml import Entry, Reader, nearest

type Table = Mapping[str, Reader[Any]]


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


def read_list[T](entry: Entry, reader: Reader[T], at_most: int = 1024) -> tuple[T, ...]:
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
