# SPDX-License-Identifier: Apache-2.0
"""Members by their paths, in the spelling that they have."""

import pytest

from sidecar.errors import Malformed, Misconfigured
from sidecar.fieldpath import FieldPath
from sidecar.migration.members import ROOT, as_text, find_value, values_at


def path(text: str) -> FieldPath:
    return FieldPath.parse(text)


def test_values_keep_their_spelling() -> None:
    body = b' {"rows": [{"n": 1.10}, {"n": "\\u0041"}, {}], "next": null}'
    assert values_at(body, path("rows[*].n")) == [b"1.10", b'"\\u0041"']
    assert values_at(body, ROOT) == [body.strip()]
    assert find_value(body, path("next")) is None
    assert find_value(body, path("gone.too")) is None


def test_a_format_that_nobody_reads_is_said_so() -> None:
    with pytest.raises(Misconfigured, match="no codec reads image/png"):
        values_at(b"", path("a"), "image/png")


def test_a_name_that_stands_twice_has_no_value() -> None:
    with pytest.raises(Malformed):
        values_at(b'{"id":1,"id":2}', path("id"))


@pytest.mark.parametrize(
    ("values", "text"),
    [([b'"a"'], "a"), ([b"12"], "12"), ([], None), ([b"null"], None), ([b"{}"], None)],
)
def test_one_scalar_is_a_text(values: list[bytes], text: str | None) -> None:
    assert as_text(values) == text


def test_two_scalars_are_none() -> None:
    assert as_text([b'"a"', b'"a"']) is None
