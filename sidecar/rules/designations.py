# SPDX-License-Identifier: Apache-2.0
"""The `fields` of a rule: from the path of each to what sealing makes of its value."""

from __future__ import annotations

from typing import Any

from sidecar.rules import words
from sidecar.rules.faults import Collector, placed
from sidecar.rules.fields import MAX_KEEP_LAST, NORMALIZERS, Field, Mode
from sidecar.rules.tables import Table, read_list, read_mapping
from sidecar.strict_yaml import Entry

_MODES = {
    "seal": {"value": Mode.SEALED, "json": Mode.JSON},
    "search": {"equality": Mode.EQUALITY},
    "format": {"digits": Mode.DIGITS},
}
"""The keys that choose a mode, of which a field has at most one, and their words."""


def read_fields(entry: Entry) -> tuple[Field, ...]:
    """Every designation of a rule."""
    errors = Collector()
    fields = [errors.attempt(_read_field, key, value) for key, value in entry.entries()]
    errors.finish()
    return tuple(field for field in fields if field is not None)


def _read_field(key: Entry, value: Entry) -> Field:
    path = words.path(key)
    values = _read_options(value)
    name = values.pop("as", str(path))
    return placed(key, lambda: Field(name, path, **values, where=key.where))


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


FIELD: Table = {
    "seal": lambda entry: entry.one_of(_MODES["seal"]),
    "search": lambda entry: entry.one_of(_MODES["search"]),
    "format": lambda entry: entry.one_of(_MODES["format"]),
    "normalize": lambda entry: read_list(entry, lambda item: item.one_of(NORMALIZERS)),
    "keep_last": lambda entry: entry.integer(1, MAX_KEEP_LAST),
    "null": lambda entry: entry.one_of(("keep", "seal")),
    "as": words.logical_name,
}
