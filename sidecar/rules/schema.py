# SPDX-License-Identifier: Apache-2.0
"""The language in JSON Schema, so that editors complete and check rules as they are written.

It comes from the tables that read rules, and its explanations from LANGUAGE.md, which a test holds
to the same tables. It is a little narrower than the reader: a text that looks like a number has to
be quoted. What hangs together across a file, only `sidecar rules check` knows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

from sidecar.rules import clearance, designations, reader, words
from sidecar.rules.tables import Shape, Table, schema_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DOCUMENTED: tuple[tuple[str, Table], ...] = (
    ("Files", reader.FILE),
    ("A rule", reader.RULE),
    ("`store`", reader.STORE),
    ("`cmk`", words.CMK),
    ("`fields`", designations.FIELD),
    ("`documents` and `require`", reader.DOCUMENTS),
    ("Binding: `tenant`, `record`, `collection`", reader.TENANT),
    ("Masking on read: `mask`, `cleared`", designations.MASK),
    ("Masking on read: `mask`, `cleared`", clearance.CONDITION),
)
"""Each table, and the section of LANGUAGE.md that explains its keys."""

_SECTION = re.compile(r"^## \d+\. (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\| `([^`]+)` \|(.*)\|$", re.MULTILINE)


def generate() -> str:
    """The schema, as it stands in schema.json."""
    language = Path(__file__).with_name("LANGUAGE.md").read_text(encoding="utf-8")
    sections = dict(_SECTION.findall(language))
    explained = {
        id(table): {name: _plain(cells) for name, cells in _ROW.findall(sections[title])}
        for title, table in DOCUMENTED
    }
    schema = {
        "$schema": DIALECT,
        "title": "Rules of Envelope Sidecar",
        **_mapping(Shape(reader.FILE, required=reader.FILE), explained),
    }
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


type _Explained = Mapping[int, Mapping[str, str]]


def _render(node: object, explained: _Explained) -> object:
    """`node` with every shape in it written out."""
    if isinstance(node, Shape):
        return _mapping(node, explained)
    if isinstance(node, Mapping):
        return {key: _render(value, explained) for key, value in node.items()}
    return [_render(item, explained) for item in node] if isinstance(node, list) else node


def _mapping(shape: Shape, explained: _Explained) -> dict[str, object]:
    notes = explained.get(id(shape.table), {})
    properties = {}
    for key, read in shape.table.items():
        schema = _render(schema_of(read), explained)
        note = {"description": notes[key]} if key in notes else {}
        properties[key] = {**note, **schema} if isinstance(schema, dict) else schema
    mapping: dict[str, object] = {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }
    if shape.required:
        mapping["required"] = list(shape.required)
    if shape.exclusive:
        pairs = combinations(shape.exclusive, 2)
        mapping["allOf"] = [{"not": {"required": list(pair)}} for pair in pairs]
    return {**mapping, **shape.more}


def _plain(cells: str) -> str:
    """The cells of a row as one sentence."""
    return ": ".join(cell.strip() for cell in cells.split(" | ") if cell.strip())
