# SPDX-License-Identifier: Apache-2.0
"""Differences: found wherever there is one, told by place and kind, and never by value."""

import json

import pytest
from hypothesis import given

from sidecar.rehearsal.trials.case import Content
from sidecar.rehearsal.trials.expectation import Comparison, Kept, filled, filled_text
from sidecar.rehearsal.trials.stored_body import StoredBody
from sidecar.rehearsal.trials.trees import from_json
from tests.rehearsal.test_shapes import SEALED, SEARCHABLE
from tests.rehearsal.trials.test_trees import JSON

STORED = StoredBody(b'{"docs":[{"email":"e"},{"n":1.10}]}')
COMPARISON = Comparison(Kept(b'{"card":"4111 1111"}', STORED))


def differences(expected: str, found: str, *, show_values: bool = False) -> list[str]:
    comparison = COMPARISON._replace(show_values=show_values)
    return list(comparison.of_content(Content(json=from_json(expected)), found.encode()))


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        ('{"a":1.10,"b":[true,null,"x"]}', '{"b":[true,null,"x"],"a":1.10}'),
        ('{"a":"<sealed>"}', f'{{"a":"{SEALED}"}}'),
        ('{"a":"<searchable>"}', f'{{"a":"{SEARCHABLE}"}}'),
        ('{"a":"<digits>1112"}', '{"a":"9876-1112"}'),
        ('["<any>","<any>"]', '[{"a":1},null]'),
        ('{"a":"<stored docs[0].email>"}', '{"a":"e"}'),
        ('{"a":"<stored $.docs[1]>"}', '{"a":{"n":1.10}}'),
        ('{"a":"x=<stored docs[0].email>&y=<any>"}', '{"a":"x=e&y=1"}'),
    ],
)
def test_what_fits_differs_in_nothing(expected: str, found: str) -> None:
    assert differences(expected, found) == []


@pytest.mark.parametrize(
    ("expected", "found", "told"),
    [
        ('{"a":1}', '{"a":1.0}', "$.a: expected a number of 1 character, found a number of 3"),
        ('{"a":1}', "{}", "$.a is missing"),
        ("{}", '{"a":"canary"}', "$.a is not expected: a text of 6 characters"),
        ('{"a":[1]}', '{"a":[1,2]}', "$.a has 2 elements, expected were 1"),
        ('{"a":"<sealed>"}', '{"a":"canary"}', "$.a: expected <sealed>, found a text of 6"),
        ('{"a":"<sealed>"}', f'{{"a":"{SEARCHABLE}"}}', "$.a: expected <sealed>, found enc:1:…"),
        ('{"a":"<searchable>"}', f'{{"a":"{SEALED}"}}', "$.a: expected <searchable>, found enc"),
        ('{"a":"<sealed>"}', '{"a":"enc:1:broken"}', "$.a: expected <sealed>, found a text"),
        ('{"a":"<sealed>"}', '{"a":7}', "$.a: expected <sealed>, found a number"),
        ('{"a":"<digits>1111"}', '{"a":"4111 1111"}', "$.a: expected a text with <digits>, found"),
        ('{"a":"<digits>"}', '{"a":"four"}', "$.a: expected <digits>, found a text of 4"),
        ('{"a":"canary"}', '{"a":"other"}', "$.a: expected another text of 6 characters, found"),
        ('{"a":"<stored docs[0].email>"}', '{"a":"f"}', "$.a: expected <stored docs[0].email>"),
        ('{"a":true}', '{"a":1}', "$.a: expected a boolean, found a number"),
        ('{"a":{}}', '{"a":[]}', "$.a: expected an object of 2 bytes, found a list of 2 bytes"),
        ("{}", "canary", "expected JSON, and what came is none (6 bytes)"),
    ],
)
def test_every_difference_is_told_without_a_value(expected: str, found: str, told: str) -> None:
    (difference,) = differences(expected, found)
    assert difference.startswith(told)
    assert "canary" not in difference


def test_values_are_told_to_whoever_asks() -> None:
    assert differences('{"a":"canary"}', '{"a":"other"}', show_values=True) == [
        '$.a: expected canary, found "other"'
    ]


@given(JSON, JSON)
def test_only_equal_trees_are_equal(one: object, other: object) -> None:
    first, second = json.dumps(one), json.dumps(other)
    assert (from_json(first) == from_json(second)) is (differences(first, second) == [])


def test_other_bodies_are_compared_as_text() -> None:
    expected = Content(text="a=<sealed>&b=1")
    assert list(COMPARISON.of_content(expected, f"a={SEALED}&b=1".encode())) == []
    (told,) = COMPARISON.of_content(expected, b"a=canary&b=1")
    assert told == "the body: expected a text with <sealed>, found a text of 12 characters"


def test_headers_and_lines_are_compared() -> None:
    assert list(COMPARISON.of_header("x", "<any>", None)) == ["the header x is missing"]
    assert list(COMPARISON.of_header("x", "<any>", "1")) == []
    assert len(list(COMPARISON.of_line("GET /a?b=<searchable>", "GET /a?b=canary"))) == 1


def test_an_answer_is_filled_with_what_the_store_has() -> None:
    tree = from_json('{"a":["<stored docs[1].n>"],"b":"<sealed>","c":"<stored docs[0]>"}')
    assert filled(tree, STORED) == from_json('{"a":[1.10],"b":"<sealed>","c":{"email":"e"}}')


def test_a_text_is_filled_in_the_middle_too() -> None:
    text = "<ssn><stored docs[0].email></ssn><n><stored docs[1].n></n><sealed>"
    assert filled_text(text, STORED) == "<ssn>e</ssn><n>1.10</n><sealed>"
