# SPDX-License-Identifier: Apache-2.0
"""JSON from YAML and back: numbers as they are spelled, and texts as they are quoted."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.rehearsal.trials.trees import Number, from_json, from_yaml, to_json
from sidecar.strict_yaml import parse

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(JSON)
def test_json_comes_back_as_it_was(value: object) -> None:
    text = json.dumps(value, separators=(",", ":"))
    assert json.loads(to_json(from_json(text))) == value


@pytest.mark.parametrize(
    ("yaml", "text"),
    [
        ("1.10", "1.10"),
        ("'1.10'", '"1.10"'),
        ("12345678901234567890123", "12345678901234567890123"),
        ("0123", '"0123"'),
        ("-0", "-0"),
        ("1e5", "1e5"),
        ("true", "true"),
        ("'true'", '"true"'),
        ("no", '"no"'),
        ("~", "null"),
        ("null", "null"),
        ("'null'", '"null"'),
        ("2026-01-01", '"2026-01-01"'),
        ("{a: [1, x], 'ü': {}}", '{"a":[1,"x"],"\\u00fc":{}}'),
    ],
)
def test_yaml_is_what_it_looks_like(yaml: str, text: str) -> None:
    assert to_json(from_yaml(parse(yaml.encode(), "x"))) == text


def test_numbers_of_one_value_are_not_one() -> None:
    assert from_json("1.10") == Number("1.10")
    assert from_json("1.1") != from_json("1.10")
