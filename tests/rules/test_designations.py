# SPDX-License-Identifier: Apache-2.0
"""The `fields` of a rule: each spelling has one meaning, and a wrong one is told at its place."""

import pytest

from sidecar.errors import Misconfigured
from sidecar.fieldpath import FieldPath
from sidecar.rules import Faults, Field, Mask, Mode
from sidecar.rules.designations import OUTSIDE, read_fields
from sidecar.rules.fields import Place
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
        ("$: sealed", field("$")),
        ("a: {search: equality}", field("a", Mode.EQUALITY)),
        ("a: {search: equality, normalize: [nfc]}", field("a", Mode.EQUALITY, normalize=("nfc",))),
        ("a: {format: digits}", field("a", Mode.DIGITS)),
        ("a: {format: digits, keep_last: 4}", field("a", Mode.DIGITS, keep_last=4)),
        ("a: {mask: hidden}", field("a", mask=Mask())),
        ("a: {mask: hash}", field("a", mask=Mask(is_hash=True))),
        ("a: {search: equality, mask: {last: 4}}", field("a", Mode.EQUALITY, mask=Mask(last=4))),
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
            "e: {keep_last: 2}\nf: {}\ng: [sealed]\nh:\n$: {seal: json}"
        )
    assert [error.why.partition(": ")[0] for error in caught.value.found] == [
        "f:1:4", "f:2:1", "f:3:11", "f:4:4", "f:5:1", "f:6:4", "f:7:4", "f:8:3", "f:9:1",
    ]  # fmt: skip


def outside(key: str, text: str) -> tuple[Field, ...]:
    fields: tuple[Field, ...] = OUTSIDE[key](parse(text.encode(), "f"))
    return fields


@pytest.mark.parametrize(
    ("key", "text", "name", "step", "place"),
    [
        ("headers", "X-Phone: sealed", "header:x-phone", "x-phone", Place.HEADER),
        ("headers", "X-Phone: {as: phone}", "phone", "x-phone", Place.HEADER),
        ("cookies", "Mail: sealed", "cookie:Mail", "Mail", Place.COOKIE),
        ("path", "email: {search: equality}", "email", "email", Place.PATH),
        ("query", "q.m: {search: equality, as: email}", "email", "q.m", Place.QUERY),
    ],
)
def test_a_field_outside_of_documents_has_a_name_of_its_own(
    key: str, text: str, name: str, step: str, place: Place
) -> None:
    (found,) = outside(key, text)
    assert (found.name, found.path, found.place) == (name, FieldPath((step,)), place)
    assert found.label == f"{place.value}:{step}"


@pytest.mark.parametrize(
    ("key", "text", "told"),
    [
        ("headers", "Content-Type: sealed", "how a message is sent"),
        ("headers", "Location: sealed", "the proxy's own"),
        ("headers", "repr-digest: sealed", "the proxy's own"),
        ("headers", "'X Phone': sealed", "not the name of a header"),
        ("headers", "X-A: {seal: json}", "nothing below it"),
        ("headers", "X-A: {null: seal}", "no null"),
        ("cookies", "a;b: sealed", "not the name of a cookie"),
        ("path", "email: sealed", "`search: equality` alone"),
        ("query", "email: {format: digits}", "`search: equality` alone"),
        ("query", "email: encrypted", "sealed"),
    ],
)
def test_a_field_that_cannot_stand_outside_of_documents_is_told(
    key: str, text: str, told: str
) -> None:
    with pytest.raises(Misconfigured, match=told):
        outside(key, text)
