# SPDX-License-Identifier: Apache-2.0
"""JSON values that keep the spelling of their numbers, from YAML, from JSON and back."""

from __future__ import annotations

import json
import re
from typing import NamedTuple, cast

from sidecar.strict_yaml import Entry


class Number(NamedTuple):
    """A number as it is spelled: `1.10` is another than `1.1`."""

    spelling: str


type Tree = dict[str, Tree] | list[Tree] | str | Number | bool | None

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS: dict[str, bool] = {"true": True, "false": False}


def from_yaml(entry: Entry) -> Tree:
    """What an entry is in JSON: without quotes a number, `true`, `false` and `null` are those."""
    if entry.is_mapping:
        return {key.name(): from_yaml(value) for key, value in entry.entries()}
    if entry.is_list:
        return [from_yaml(item) for item in entry.items()]
    if entry.is_null:
        return None
    text = entry.text()
    if entry.is_plain and text in _WORDS:
        return _WORDS[text]
    return Number(text) if entry.is_plain and _NUMBER.fullmatch(text) else text


def from_json(text: str | bytes) -> Tree:
    """What `text` spells; ValueError."""
    return cast(
        "Tree", json.loads(text, parse_int=Number, parse_float=Number, parse_constant=Number)
    )


def to_json(tree: Tree) -> str:
    """`tree` in JSON, without white space."""
    match tree:
        case Number(spelling):
            return spelling
        case dict():
            members = (f"{json.dumps(name)}:{to_json(value)}" for name, value in tree.items())
            return "{" + ",".join(members) + "}"
        case list():
            return "[" + ",".join(to_json(item) for item in tree) + "]"
        case _:
            return json.dumps(tree, ensure_ascii=False)
