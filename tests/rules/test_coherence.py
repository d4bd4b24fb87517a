# SPDX-License-Identifier: Apache-2.0
"""What cannot stand together is told, whole."""

import pytest

from sidecar.fieldpath import FieldPath
from sidecar.rules import (
    Documents,
    Faults,
    HeaderIs,
    Mask,
    Mode,
    Phase,
    Place,
    Requirement,
    Route,
    Rule,
    RuleSet,
    Store,
)
from tests.rules.samples import HOST, field, rule


def path(text: str) -> FieldPath:
    return FieldPath.parse(text)


def documents(request: list[str], response: list[str] | None = None) -> Documents:
    return Documents(tuple(map(path, request)), tuple(map(path, response or ["$"])))


WITHIN = {
    "protects nothing": {"fields": ()},
    "c.d is designated twice": {"fields": (field("c.d"), field("$['c'].d"))},
    "c.d and c overlap": {"fields": (field("c"), field("c.d"))},
    "a[*] and a[*].b overlap": {"fields": (field("a[*].b"), field("a[*]"))},
    "are one logical field, 'n'": {
        "fields": (field("a", name="n"), field("b", Mode.JSON, name="n")),
    },
    "needs `lookup_keys`": {"fields": (field("a", Mode.DIGITS),)},
    "`format: digits` and `phase: migrate` exclude each other": {
        "fields": (field("a", Mode.DIGITS),),
        "lookup_keys": (b"k",),
        "phase": Phase.MIGRATE,
    },
    "`format: digits` and two `lookup_keys` exclude each other": {
        "fields": (field("a", Mode.DIGITS),),
        "lookup_keys": (b"k", b"l"),
    },
    "carries 'ssn' to the store in clear": {
        "routes": (Route.parse("/customers/{id}"), Route.parse("/by-ssn/{ssn}")),
    },
    "`mask` and `phase: migrate` exclude each other": {
        "fields": (field("a", mask=Mask()),),
        "phase": Phase.MIGRATE,
    },
    "`mask: hash` needs `lookup_keys`": {"fields": (field("a", mask=Mask(is_hash=True)),)},
    "what the one hides the other shows": {
        "fields": (field("a", mask=Mask()), field("b", name="a")),
    },
    "are not masked in one way": {
        "fields": (field("a", Mode.EQUALITY, mask=Mask()),),
        "outside": (field("id", Mode.EQUALITY, name="a", place=Place.PATH),),
        "lookup_keys": (b"k",),
    },
    "clears callers, and masks nothing": {"cleared": (HeaderIs("x-role", ("a",)),)},
    "`documents` names one place twice": {"documents": documents(["$", "$"])},
    "ssn holds the documents at ssn.inner": {"documents": documents(["$", "$.ssn.inner"])},
    "is reached twice": {
        "documents": documents(["$", "$.inner"]),
        "fields": (field("inner.ssn"), field("ssn")),
    },
    "`require` reads params.ssn, which is sealed": {
        "documents": documents(["$.params"]),
        "require": (Requirement.compile(path("$.params.ssn"), "x"),),
    },
    "names no single value of a document": {"record": "ids[*]"},
    "cannot be supplied on reads, because ssn is sealed": {"record": "ssn"},
    "cannot be supplied on reads, because meta is sealed": {
        "record": "meta.id",
        "fields": (field("meta", Mode.JSON),),
    },
    "`record`: ": {"record": "a b"},
}


@pytest.mark.parametrize("told", WITHIN)
def test_a_rule_that_contradicts_itself_is_refused(told: str) -> None:
    with pytest.raises(Faults) as caught:
        rule(**WITHIN[told])
    assert any(told in error.why for error in caught.value.found)


def test_every_contradiction_of_a_rule_is_told() -> None:
    with pytest.raises(Faults) as caught:
        rule("/a", "/a", "GET /a", fields=(field("x"), field("x"), field("x.y")), record="x")
    assert len(caught.value.found) == 3 + 3 + 3


def test_a_record_in_every_path_need_not_be_a_member() -> None:
    assert rule("/a/{id}", "/b/{id}", record="id").record == "id"
    with pytest.raises(Faults):
        rule("/a/{ssn}", "/b", record="ssn")


CRM = Store("crm", "rest", (HOST,))
BETWEEN = {
    "is taken by the rule": (rule("/a"), rule("/b")),
    "has another kind or other hosts": (
        rule("/a", name="a"),
        rule("/b", name="b", store=Store("crm", "rest", ("other:1",))),
    ),
    "shadowed": (rule("/a/{x}", name="a"), rule("/a/b", name="b")),
    "shadowed: a request to crm.internal:8080 can fit /A": (
        rule("/a", name="a"),
        rule("/A", name="b"),
    ),
    "of rule 'b'": (
        rule("/**", name="a"),
        rule("/b", name="b", store=Store("other", "rest", ("x:1", HOST))),
    ),
}


@pytest.mark.parametrize("told", BETWEEN)
def test_rules_that_contradict_each_other_are_refused(told: str) -> None:
    with pytest.raises(Faults) as caught:
        RuleSet(BETWEEN[told])
    assert any(told in error.why for error in caught.value.found)


@pytest.mark.parametrize(
    "rules",
    [
        (rule("/a", name="a"), rule("/b", name="b")),
        (rule("GET /a", name="a"), rule("POST /a", name="b")),
        (rule("/a", name="a"), rule("/a", name="b", store=Store("other", "rest", ("other:1",)))),
        (rule("/a", name="a"), rule("/a/b", name="b")),
    ],
)
def test_rules_that_no_request_fits_together_stand(rules: tuple[Rule, ...]) -> None:
    assert RuleSet(rules).rules == rules
