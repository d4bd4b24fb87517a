# SPDX-License-Identifier: Apache-2.0
"""Designations are right from birth."""

import pytest

from sidecar.errors import Misconfigured
from sidecar.fieldpath import FieldPath
from sidecar.rules import Mask, Mode, Place, Requirement
from tests.rules.samples import field


@pytest.mark.parametrize(
    ("path", "mode", "options", "told"),
    [
        ("$[*]", Mode.SEALED, {}, "begins with the name of a member"),
        ("$", Mode.JSON, {}, "nothing below it"),
        ("$[*].a", Mode.SEALED, {}, "begins with the name of a member"),
        ("a", Mode.SEALED, {"normalize": ("trim",)}, "`normalize` belongs to"),
        ("a", Mode.DIGITS, {"normalize": ("trim",)}, "`normalize` belongs to"),
        ("a", Mode.EQUALITY, {"normalize": ("upper",)}, "`normalize` knows"),
        ("a", Mode.EQUALITY, {"keep_last": 4}, "`keep_last` belongs to"),
        ("a", Mode.DIGITS, {"keep_last": 9}, "from 0 to 8"),
        ("a", Mode.DIGITS, {"keep_last": -1}, "from 0 to 8"),
        ("a", Mode.DIGITS, {"null": "seal"}, "cannot seal null"),
        ("a", Mode.EQUALITY, {"place": Place.QUERY, "mask": Mask()}, "nothing is read"),
        ("a", Mode.SEALED, {"mask": Mask(last=9)}, "last 1 to 8"),
        ("a", Mode.SEALED, {"mask": Mask(last=-1)}, "last 1 to 8"),
        ("a", Mode.JSON, {"mask": Mask(last=1)}, "write `mask: hidden`"),
    ],
)
def test_an_impossible_field_is_refused(
    path: str, mode: Mode, options: dict[str, object], told: str
) -> None:
    with pytest.raises(Misconfigured, match=told):
        field(path, mode, **options)


def test_what_decides_the_sealed_form_leaves_out_where_it_stands() -> None:
    assert field("a", where="f:1:1").makes == field("b", where="f:2:1").makes
    assert field("a").makes != field("a", Mode.JSON).makes


@pytest.mark.parametrize("pattern", ["[", "(", "a{2,1}", "[[a]", "(?<n", "a" * 513, "\\8"])
def test_a_doubtful_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(Misconfigured, match=r"not a regular expression|at most 512"):
        Requirement.compile(FieldPath.parse("$.command"), pattern)
