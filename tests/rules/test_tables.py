# SPDX-License-Identifier: Apache-2.0
"""Mappings and lists read by tables: everything wrong is found in one go, in the file's order."""

import pytest

from sidecar.errors import Misconfigured
from sidecar.rules import Faults
from sidecar.rules.tables import Table, integer, list_of, one_of, read_list, read_mapping, schema_of
from sidecar.strict_yaml import Entry, parse

TABLE: Table = {"number": lambda entry: entry.integer(0, 9), "text": Entry.text}


def entry(text: str) -> Entry:
    return parse(text.encode(), "f")


def test_only_what_stands_there_is_read() -> None:
    assert read_mapping(entry("{text: a}"), TABLE) == {"text": "a"}
    assert read_mapping(entry("{number: 3, text: a}"), TABLE) == {"number": 3, "text": "a"}


def test_all_that_is_wrong_with_a_mapping_is_found() -> None:
    with pytest.raises(Faults) as caught:
        read_mapping(entry("{txt: a, number: 10, x: y}"), TABLE, required=TABLE)

    assert [error.why for error in caught.value.found] == [
        "f:1:2: unknown key 'txt'; did you mean 'text'?",
        "f:1:18: expected an integer from 0 to 9",
        "f:1:22: unknown key 'x'; known here: number, text",
        "f:1:1: 'text' is missing",
    ]
    assert caught.value.why.endswith("(and 3 more)")


def test_all_that_is_wrong_with_a_list_is_found() -> None:
    with pytest.raises(Faults) as caught:
        read_list(entry("[1, 99, 1, x]"), TABLE["number"])

    assert [error.why for error in caught.value.found] == [
        "f:1:5: expected an integer from 0 to 9",
        "f:1:9: this stands here twice",
        "f:1:12: expected an integer",
    ]


def test_readers_say_what_they_read() -> None:
    assert schema_of(integer(1, 8)) == {"type": "integer", "minimum": 1, "maximum": 8}
    words = list_of(one_of(["a", "b"]), at_most=2)
    assert schema_of(words) == {
        "type": "array",
        "items": {"enum": ["a", "b"]},
        "minItems": 1,
        "maxItems": 2,
        "uniqueItems": True,
    }
    assert words(entry("[b, a]")) == ("b", "a")
    assert integer(1, 8)(entry("8")) == 8
    for text in ("[a, a]", "[c]", "[]", "[a, b, a]"):
        with pytest.raises(Misconfigured):
            words(entry(text))
