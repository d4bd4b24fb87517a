# SPDX-License-Identifier: Apache-2.0
"""What is unwise though valid: rules that stand together and still protect less than they seem to.

Each advice has a word that LANGUAGE.md explains. What cannot stand at all is the business of
`coherence`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sidecar.rules.fields import DETERMINISTIC, Field, Mode
from sidecar.rules.model import Rule, RuleSet
from sidecar.rules.phase import Phase
from sidecar.rules.routes import Route

PCI_LAST_DIGITS = 4
"""PCI DSS 4.0, requirement 3.4.1: of a card number at most the BIN and the last four are shown."""

_WRITES = frozenset({"PATCH", "POST", "PUT"})
_GUESSABLE = frozenset(
    "active age approved blocked blood boolean born citizenship city consent country currency day "
    "deleted disabled enabled ethnicity flag gender grade grp has is kind lang language level "
    "locale marital month nationality optin plan pregnant priority province race rank rating "
    "region religion role score sex smoker stage state status tier title type vip year".split()
)
_CASELESS = frozenset({"email", "mail", "domain", "hostname"})
_PARAMETERS = frozenset(
    "count cursor expand fields filter format include key limit offset order page q query search "
    "select size skip sort start where".split()
)
_STATEMENTS = frozenset("_find _search command cypher graphql gremlin query script sql".split())
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_NESTED_REPEAT = re.compile(r"\([^()]*[+*}][^()]*\)[+*{]")
_LITERALS = ("SET ssn = '078-05-1120'", 'SET ssn = "078-05-1120"')


class Advice(NamedTuple):
    """One warning: its place, the rule, the word for its cause, and the sentence."""

    where: str
    rule: str
    word: str
    why: str


def lint(rule_set: RuleSet) -> list[Advice]:
    """Every advice on a rule set, in the order of its rules."""
    return [
        Advice(where, rule.name, word, why)
        for rule in rule_set.rules
        for where, word, why in _advices(rule)
    ]


type _Finding = tuple[str, str, str]


def _advices(rule: Rule) -> Iterator[_Finding]:
    yield from _on_phase(rule)
    yield from _on_binding(rule)
    yield from _on_routes(rule)
    yield from _on_requirements(rule)
    for item in rule.fields:
        yield from _on_field(item)
    if rule.lookup_keys and not any(item.mode in DETERMINISTIC for item in rule.fields):
        yield rule.where, "unused-lookup-keys", "no field of this rule uses its `lookup_keys`"


def _on_phase(rule: Rule) -> Iterator[_Finding]:
    if rule.phase is Phase.MONITOR:
        yield rule.where, "phase", "`phase: monitor` seals nothing; values go to the store in clear"
    if rule.phase is Phase.MIGRATE:
        yield (
            rule.where,
            "phase",
            "`phase: migrate` also takes unsealed values from the store; `enforce` once all are "
            "sealed",
        )


def _on_binding(rule: Rule) -> Iterator[_Finding]:
    if rule.tenant_header is None and rule.record is None:
        yield (
            rule.where,
            "unbound",
            "without `tenant` and `record`, whoever can write to the store can move a sealed value "
            "to another record, and it opens there",
        )


def _on_routes(rule: Rule) -> Iterator[_Finding]:
    methods: dict[object, frozenset[str]] = {}
    for route in rule.routes:
        methods[route.shape] = methods.get(route.shape, frozenset()) | (route.methods or _WRITES)
        if route.has_rest and not any(isinstance(segment, str) for segment in route.segments):
            yield route.where, "wide-route", f"{route} holds every request to the store"
    seen: set[object] = set()
    for route in rule.routes:
        left_out = _WRITES - methods[route.shape]
        if left_out and left_out != _WRITES and route.shape not in seen:
            yield (
                route.where,
                "open-methods",
                f"{route}: {' and '.join(sorted(left_out))} to this path pass unsealed; without "
                "methods a route holds for all of them",
            )
        seen.add(route.shape)


def _on_requirements(rule: Rule) -> Iterator[_Finding]:
    for need in rule.require:
        if any(need.pattern.fullmatch(text) for text in _LITERALS):
            yield (
                rule.where,
                "open-pattern",
                f"`require`: the pattern for {need.path} lets quoted literals through, which are "
                "not sealed; exclude quotes, as in [^'\"]*",
            )
        if _NESTED_REPEAT.search(need.pattern.pattern):
            yield (
                rule.where,
                "slow-pattern",
                f"`require`: the pattern for {need.path} repeats a repetition, which some texts "
                "make very slow",
            )
    for route in rule.routes:
        if not rule.require and _takes_statements(route):
            yield (
                route.where,
                "statements",
                f"{route} looks as if it takes statements, whose literals are not sealed; constrain "
                "their text with `require`",
            )


def _takes_statements(route: Route) -> bool:
    return any(segment in _STATEMENTS for segment in route.segments)


def _on_field(item: Field) -> Iterator[_Finding]:
    name = next(step for step in reversed(item.path.steps) if isinstance(step, str))
    words = {word.lower() for word in _WORD.findall(name)}
    if item.mode is Mode.EQUALITY and words & _GUESSABLE:
        yield (
            item.where,
            "guessable",
            f"{item.path} looks as if it has few values; `search: equality` shows which records "
            "share one, so that counting tells which value it is; use `sealed`",
        )
    if item.mode is Mode.EQUALITY and words & _CASELESS and "lower" not in item.normalize:
        yield (
            item.where,
            "spelling",
            f"{item.path}: other spellings of the same value are not found; add "
            "`normalize: [trim, lower]`",
        )
    if item.keep_last > PCI_LAST_DIGITS:
        yield (
            item.where,
            "kept-digits",
            f"{item.path}: `keep_last: {item.keep_last}` leaves more readable than the last "
            f"{PCI_LAST_DIGITS} digits that are commonly allowed",
        )
    if name.lower() in _PARAMETERS:
        yield (
            item.where,
            "parameter-name",
            f"{item.path} is named like a usual query parameter; requests with `?{name}=` are "
            "refused or have its value sealed",
        )
