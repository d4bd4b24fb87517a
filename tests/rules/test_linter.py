# SPDX-License-Identifier: Apache-2.0
"""Every advice is given where it belongs, at its place, and a good rule gets none."""

import pytest

from sidecar.fieldpath import FieldPath
from sidecar.rules import HeaderIs, Mask, Mode, Phase, Requirement, Rule, RuleSet, Store, lint
from sidecar.rules.linter import ADVICE
from tests.rules.samples import field, rule


def require(pattern: str) -> tuple[Requirement, ...]:
    return (Requirement.compile(FieldPath.parse("$.command"), pattern),)


def bound(*routes: str, **parts: object) -> Rule:
    return rule(*routes, **{"tenant_header": "x-tenant", **parts})


def searchable(name: str, *normalize: str) -> Rule:
    fields = (field(name, Mode.EQUALITY, normalize=normalize),)
    return bound(lookup_keys=(b"k",), fields=fields)


def digits(kept: int) -> Rule:
    return bound(lookup_keys=(b"k",), fields=(field("card", Mode.DIGITS, keep_last=kept),))


HIDDEN = field("ssn", mask=Mask())

UNWISE: dict[str, list[Rule | tuple[Rule, ...]]] = {
    "monitoring": [bound(phase=Phase.MONITOR)],
    "migrating": [bound(phase=Phase.MIGRATE)],
    "unbound": [rule()],
    "unused-lookup-keys": [bound(lookup_keys=(b"k",))],
    "wide-route": [bound("/**"), bound("/{database}/**")],
    "open-methods": [bound("POST /a"), bound("PUT|GET /a"), bound("POST /a", "PATCH /a")],
    "statements": [bound("/api/v1/command/{database}"), bound("/sql")],
    "open-pattern": [bound(require=require(".*")), bound(require=require("[^']*"))],
    "slow-pattern": [bound(require=require("([a-z]+)*")), bound(require=require("(a|b{2})+"))],
    "guessable": [searchable(name) for name in ("gender", "isActive", "person.home_country")],
    "spelling": [searchable("email"), searchable("contacts[*].workEmail", "trim")],
    "kept-digits": [
        digits(5),
        digits(8),
        bound(fields=(field("card", mask=Mask(last=5)),)),
    ],
    "spoofable-clearance": [
        bound(fields=(HIDDEN,), cleared=(HeaderIs("x-role", ("auditor",)),)),
    ],
    "searchable-mask": [
        bound(lookup_keys=(b"k",), fields=(field("phone", Mode.EQUALITY, mask=Mask()),)),
    ],
    "shown-elsewhere": [
        (bound(fields=(HIDDEN,)), bound("/b", name="open", collection="customers")),
    ],
    "apart": [
        bound(fields=(field("['person[tax]']"), field("person.tax"))),
        bound(fields=(field("a.b"), field("['a.b']"))),
    ],
    "parameter-name": [bound(fields=(field("limit"),)), bound(fields=(field("a.Sort"),))],
}


@pytest.mark.parametrize(
    ("word", "unwise"), [(word, each) for word, rules in UNWISE.items() for each in rules]
)
def test_an_unwise_rule_is_advised(word: str, unwise: Rule | tuple[Rule, ...]) -> None:
    """Of several it is the first that is."""
    rules = unwise if isinstance(unwise, tuple) else (unwise,)
    assert {(advice.rule, advice.word) for advice in lint(RuleSet(rules))} == {
        (rules[0].name, word)
    }


def test_every_advice_is_tested() -> None:
    assert set(UNWISE) == set(ADVICE)


@pytest.mark.parametrize(
    "wise",
    [
        bound("/graphql", store=Store("shop", "graphql", ("shop:1",))),
        bound(),
        rule(record="id"),
        bound("/a/**", "/a/{x}/b"),
        bound("GET /a"),
        bound("POST|PUT|PATCH /a"),
        bound("POST /a", "PUT|PATCH /a", "GET /a"),
        bound("/sql", require=require("[^'\"]*")),
        bound("/logs", fields=(field("$"),)),
        searchable("email", "trim", "lower"),
        searchable("phone"),
        searchable("message_id"),
        digits(4),
        digits(0),
        bound(fields=(field("card", mask=Mask(last=4)),)),
        bound(fields=(field("ssn", mask=Mask(is_hash=True)),), lookup_keys=(b"k",)),
    ],
)
def test_a_wise_rule_is_left_in_peace(wise: Rule) -> None:
    assert lint(RuleSet((wise,))) == []


def test_an_advice_speaks_of_its_subject_at_its_place() -> None:
    fields = (field("gender", Mode.EQUALITY, where="f.yaml:9:7"),)
    (advice,) = lint(RuleSet((bound(lookup_keys=(b"k",), fields=fields),)))

    assert advice.where == "f.yaml:9:7"
    assert advice.why.startswith("gender looks as if it has few values")
