# SPDX-License-Identifier: Apache-2.0
"""The `fields` of a rule: each spelling has one meaning, and a wrong one is told at its place."""

import pytest

from sidecar.rules import Faults, Field, Mode
from sidecar.rules.designations import read_fields
from sidecar.strict_yaml import parse
from tests.rules.samples import field


def read(text: str) -> tuple[Field, ...]:
    return read_fields(parse(text.encode(), "f"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: sealed", field("a")),
        ("a: {seal: value}", field("a")),
        ("$.a: sealed", field("a")),
        ("\"$['a']['b c']\": sealed", field("a['b c']")),
        ("null: sealed", field("null")),
        ("a: {null: seal}", field("a", null="seal")),
        ("a: {null: keep}", field("a")),
        ("a: {seal: json}", field("a", Mode.JSON)),
        ("a: {as: b}", field("a", name="b")),
        ("a: {search: equality}", field("a", Mode.EQUALITY)),
        ("a: {search: equality, normalize: [nfc]}", field("a", Mode.EQUALITY, normalize=("nfc",))),
        ("a: {format: digits}", field("a", Mode.DIGITS)),
        ("a: {format: digits, keep_last: 4}", field("a", Mode.DIGITS, keep_last=4)),
    ],
)
def test_a_field_means_what_it_says(text: str, expected: Field) -> None:
    assert read(text) == (expected,)


def test_fields_keep_their_order_and_their_places() -> None:
    fields = read("b: sealed\na[*].c: sealed")
    assert [(str(each.path), each.where) for each in fields] == [
        ("b", "f:1:1"),
        ("a[*].c", "f:2:1"),
    ]


def test_every_wrong_field_is_told() -> None:
    with pytest.raises(Faults) as caught:
        read(
            "a: encrypted\nb..c: sealed\nc: {seal: all}\nd: {seal: json, format: digits}\n"
            "e: {keep_last: 2}\nf: {}\ng: [sealed]\nh:\n$: sealed"
        )
    assert [error.why.partition(": ")[0] for error in caught.value.found] == [
        "f:1:4", "f:2:1", "f:3:11", "f:4:4", "f:5:1", "f:6:4", "f:7:4", "f:8:3", "f:9:1",
    ]  # fmt: skip
