# SPDX-License-Identifier: Apache-2.0
"""Every part of a rule counts: each way in which it may change has its word."""

from dataclasses import fields, replace
from typing import Any

import pytest

from sidecar.fieldpath import FieldPath
from sidecar.keys import CmkRef
from sidecar.rules import (
    CHANGES,
    Documents,
    Field,
    HeaderIs,
    Mask,
    Mode,
    Phase,
    Requirement,
    Route,
    Rule,
    RuleSet,
    Store,
    compare,
)
from sidecar.rules.fields import Place
from tests.rules.samples import field, rule

ROOT = FieldPath(())
DATA = FieldPath.parse("$.data")
EMAIL = field("email", Mode.EQUALITY, normalize=("trim",))
MASKED = field("phone", mask=Mask(last=4))
PHONE = Field("header:x-phone", FieldPath(("x-phone",)), place=Place.HEADER)
MAIL = Field("email", FieldPath(("mail",)), Mode.EQUALITY, ("trim",), place=Place.QUERY)
RULE = rule(
    "/customers",
    "/customers/{id}",
    cmk=CmkRef("alias/a", ("alias/b",)),
    tenant_header="x-tenant-id",
    record="id",
    fields=(field("ssn"), EMAIL, field("card", Mode.DIGITS, keep_last=4), MASKED),
    cleared=(HeaderIs("x-role", ("auditor",)),),
    documents=Documents((ROOT, DATA), (ROOT, DATA)),
    require=(Requirement.compile(FieldPath.parse("$.command"), "[a-z]*"),),
    lookup_keys=(b"one",),
)


def words(new: Rule | None, old: Rule = RULE) -> list[str]:
    other = rule("/other", name="other", store=Store("other", "rest", ("other:1",)))
    sides = [RuleSet((each, other) if each else (other,)) for each in (old, new)]
    return sorted(change.word for change in compare(*sides))


def with_field(index: int, **parts: Any) -> Rule:
    changed = list(RULE.fields)
    changed[index] = replace(changed[index], **parts)
    return replace(RULE, fields=tuple(changed))


def require(path: str, pattern: str) -> tuple[Requirement, ...]:
    return (Requirement.compile(FieldPath.parse(path), pattern),)


ONE_KEY = replace(RULE, fields=(field("ssn"), EMAIL), cleared=())
CASES: dict[str, list[tuple[Rule | None, list[str]]]] = {
    "name": [
        (replace(RULE, name="clients"), ["renamed-rule"]),
    ],
    "store": [
        (replace(RULE, store=RULE.store._replace(name="crm2")), ["renamed-store"]),
        (replace(RULE, store=RULE.store._replace(kind="graphql")), ["changed-kind"]),
        (
            replace(RULE, store=Store("crm", "rest", (*RULE.store.hosts, "b:1"))),
            ["added-route", "added-route"],
        ),
        (
            replace(RULE, store=Store("crm", "rest", ("b:1",))),
            ["added-rule", "removed-rule", "unmigrated"],
        ),
    ],
    "routes": [
        (replace(RULE, routes=RULE.routes[:1], record="n"), ["changed-record", "removed-route"]),
        (replace(RULE, routes=(*RULE.routes, Route.parse("/c"))), ["added-route"]),
        (
            replace(RULE, routes=(Route.parse("GET /customers"), RULE.routes[1])),
            ["removed-route"],
        ),
    ],
    "cmk": [
        (replace(RULE, cmk=CmkRef("alias/a")), ["closed-cmk"]),
        (replace(RULE, cmk=CmkRef("alias/c", ("alias/b",))), ["closed-cmk"]),
        (replace(RULE, cmk=CmkRef("alias/c", ("alias/a", "alias/b"))), ["changed-cmk"]),
        (replace(RULE, cmk=CmkRef("alias/a", ("alias/b", "alias/c"))), ["opened-cmk"]),
    ],
    "fields": [
        (with_field(0, name="social"), ["renamed-field"]),
        (with_field(0, mode=Mode.JSON), ["changed-shape"]),
        (with_field(0, mode=Mode.EQUALITY), ["changed-mode"]),
        (with_field(0, null="seal"), ["null-sealed"]),
        (with_field(1, normalize=("trim", "lower")), ["changed-spelling"]),
        (with_field(1, mode=Mode.SEALED, normalize=()), ["changed-mode"]),
        (with_field(2, keep_last=3), ["changed-mode"]),
        (with_field(3, mask=Mask(last=2)), ["changed-mask"]),
        (with_field(3, mask=Mask(is_hash=True)), ["changed-mask"]),
        (with_field(3, mask=Mask()), ["masked"]),
        (with_field(0, mask=Mask()), ["masked"]),
        (RULE.unmasked, ["narrower-clearance", "unmasked"]),
        (
            with_field(2, path=FieldPath.parse("pan")),
            ["added-field", "removed-field", "unmigrated"],
        ),
        (replace(RULE, fields=RULE.fields[1:]), ["removed-field"]),
        (replace(RULE, fields=(*RULE.fields, field("iban"))), ["added-field", "unmigrated"]),
        (
            replace(RULE, fields=(*RULE.fields, field("i")), phase=Phase.ENFORCE),
            ["added-field", "unmigrated"],
        ),
    ],
    "outside": [
        (replace(RULE, outside=(PHONE,)), ["added-field", "unmigrated"]),
        (replace(RULE, outside=(MAIL,)), ["added-field"]),
    ],
    "collection": [(replace(RULE, collection="clients"), ["renamed-collection"])],
    "tenant_header": [
        (replace(RULE, tenant_header=None), ["changed-tenant"]),
        (replace(RULE, tenant_header="x-other"), ["changed-tenant"]),
    ],
    "record": [
        (replace(RULE, record=None), ["changed-record"]),
        (replace(RULE, record="number"), ["changed-record"]),
    ],
    "phase": [
        (
            replace(ONE_KEY, phase=Phase.MIGRATE),
            ["narrower-clearance", "phase-back", "removed-field", "removed-field"],
        ),
        (replace(RULE, phase=Phase.MONITOR), ["stopped"]),
    ],
    "documents": [
        (replace(RULE, documents=Documents((ROOT,), (ROOT, DATA))), ["removed-place"]),
        (replace(RULE, documents=Documents((ROOT, DATA), (DATA,))), ["removed-answer-place"]),
        (
            replace(RULE, documents=Documents((ROOT, DATA, FieldPath.parse("$.x")), (ROOT, DATA))),
            ["added-place"],
        ),
    ],
    "require": [
        (replace(RULE, require=()), ["removed-requirement"]),
        (replace(RULE, require=require("$.command", ".*")), ["changed-requirement"]),
        (replace(RULE, require=(*RULE.require, *require("$.x", "a"))), ["added-requirement"]),
    ],
    "cleared": [
        (replace(RULE, cleared=()), ["narrower-clearance"]),
        (
            replace(RULE, cleared=(HeaderIs("x-role", ("auditor", "anyone")),)),
            ["narrower-clearance", "wider-clearance"],
        ),
    ],
    "lookup_keys": [(replace(RULE, lookup_keys=(b"two",)), ["dropped-lookup-key"])],
    "suite": [(replace(RULE, suite="sm4-gcm-sm3"), ["changed-suite"])],
}
MORE = [
    (replace(ONE_KEY, lookup_keys=(b"two", b"one")), ONE_KEY, ["rotated-lookup-key"]),
    (ONE_KEY, replace(ONE_KEY, lookup_keys=(b"two", b"one")), ["dropped-lookup-key"]),
    (replace(RULE, phase=Phase.ENFORCE), replace(RULE, phase=Phase.MONITOR), ["unmigrated"]),
    (ONE_KEY, replace(ONE_KEY, phase=Phase.MIGRATE), ["enforced"]),
    (
        replace(ONE_KEY, phase=Phase.MIGRATE),
        replace(ONE_KEY, phase=Phase.MONITOR),
        ["started"],
    ),
    (with_field(0), with_field(0, null="seal"), ["null-in-clear"]),
    (
        rule(fields=(field("person", Mode.JSON),)),
        rule(fields=(field("person.ssn"),)),
        ["added-field", "swallowed-field", "unmigrated"],
    ),
    (
        rule(fields=(field("person.ssn"),)),
        rule(fields=(field("person", Mode.JSON),)),
        ["added-field", "removed-field", "unmigrated"],
    ),
    (
        rule(lookup_keys=(b"k",), fields=(EMAIL,), record="x"),
        rule(lookup_keys=(b"k",), fields=(EMAIL,)),
        [],
    ),
]


@pytest.mark.parametrize(
    ("new", "expected"),
    [case for cases in CASES.values() for case in cases],
)
def test_every_change_has_its_words(new: Rule | None, expected: list[str]) -> None:
    assert words(new) == expected


@pytest.mark.parametrize(("new", "old", "expected"), MORE)
def test_changes_that_need_another_start(new: Rule, old: Rule, expected: list[str]) -> None:
    assert words(new, old) == expected


def test_every_part_of_a_rule_is_compared() -> None:
    """A part that is added to the model and not here would change in silence."""
    assert set(CASES) == {each.name for each in fields(Rule) if each.compare}


def test_every_word_is_met_by_some_test() -> None:
    met = {word for cases in CASES.values() for _, expected in cases for word in expected}
    met |= {word for _, _, expected in MORE for word in expected}
    assert met == set(CHANGES)


def test_nothing_changes_where_only_the_layout_does() -> None:
    assert words(RULE) == []
    assert words(replace(RULE, where="elsewhere:1:1")) == []
    assert words(replace(RULE, routes=RULE.routes[::-1])) == []


def test_the_dangerous_come_first_and_each_once() -> None:
    """Two rules that both stand for half of one tell a change of a field once each."""
    halves = [
        replace(RULE, name=name, routes=(route,), fields=RULE.fields[1:], collection="customers")
        for name, route in zip("ab", RULE.routes, strict=True)
    ]
    changes = compare(RuleSet((RULE,)), RuleSet(tuple(replace(h, record=None) for h in halves)))
    dangers = [change.is_dangerous for change in changes]
    assert dangers == sorted(dangers, reverse=True)
    assert len(changes) == len(set(changes))
    assert [change.rule for change in changes if change.word == "removed-field"] == ["a", "b"]


def test_a_removed_rule_is_told_at_its_old_place() -> None:
    gone = replace(RULE, where="rules.yaml:3:5")
    (change,) = compare(RuleSet((gone, rule("/x", name="x"))), RuleSet((rule("/x", name="x"),)))
    assert (change.where, change.rule, change.word) == (
        "rules.yaml:3:5",
        "customers",
        "removed-rule",
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("/t/{org}/c/{id}", "/t/{id}/c/{org}"),
        ("/c/{id}", "/c/{key}"),
        ("/c/{id} /c/me /x", "/c/{id} /x"),
        ("/c/{id} /x", "/c/{id} /c/me /x"),
    ],
)
def test_a_record_that_another_segment_names_is_told(old: str, new: str) -> None:
    """The name is the same, and every stored value is bound to what stood there before."""
    one, other = (
        rule(*routes.split(), tenant_header="x-tenant-id", record="id") for routes in (old, new)
    )
    assert words(other, one) == ["changed-record"]
    assert words(one, one) == []


def test_a_protected_variable_that_is_another_segment_is_told() -> None:
    path = (Field("email", FieldPath(("email",)), Mode.EQUALITY, place=Place.PATH),)
    parts = {"outside": path, "lookup_keys": (b"k",)}
    one, other = (rule(route, **parts) for route in ("/{email}/{at}", "/{at}/{email}"))
    assert words(other, one) == ["removed-field"]


def test_a_more_special_route_is_the_one_that_is_compared() -> None:
    one = rule("/c/{id}", record="id")
    other = rule("/c/{id}", "/{id}/**", record="id")
    assert words(other, one) == ["added-route"]
