# SPDX-License-Identifier: Apache-2.0
"""What kind of value stands somewhere, in words that do not tell the value (law 5)."""

from __future__ import annotations

import json

from sidecar.envelope import PREFIX, SUITES, from_text, is_sealed_text, parse
from sidecar.errors import Malformed
from sidecar.plurals import counted

SEALED = "sealed"
SEARCHABLE = "searchable"


def describe(lexeme: bytes) -> str:
    """The kind and the length of a JSON value: `a text of 11 characters`."""
    match lexeme[:1]:
        case b'"':
            return _describe_text(json.loads(lexeme))  # a body that is no text is one as well
        case b"{":
            return f"an object of {len(lexeme)} bytes"
        case b"[":
            return f"a list of {len(lexeme)} bytes"
        case b"n":
            return "null"
        case b"t" | b"f":
            return "a boolean"
        case _:
            return f"a number of {counted(len(lexeme), 'character')}"


def _describe_text(text: str) -> str:
    kind = find_kind(text)
    if kind is None:
        return f"a text of {counted(len(text), 'character')}"
    how = ", alike for equal values" if kind == SEARCHABLE else ""
    return f"{PREFIX}… of {len(text)} characters{how}"


def find_kind(text: str) -> str | None:
    """Whether `text` is a sealed value, and a searchable one; None where it is no envelope."""
    if not is_sealed_text(text):
        return None
    try:
        suite = SUITES[parse(from_text(text)).suite]
    except Malformed:
        return None
    return SEARCHABLE if suite.key_kind.name == "LOOKUP" else SEALED
