# SPDX-License-Identifier: Apache-2.0
"""What is unwise though valid: rules that stand together and still protect less than they seem to.

Every advice has a word, which LANGUAGE.md explains. What cannot stand at all is the business of
`coherence`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import NamedTuple

from sidecar.rules.clearance import HeaderIs
from sidecar.rules.fields import DETERMINISTIC, Field, Mode, Place
from sidecar.rules.model import Rule, RuleSet
from sidecar.rules.phase import Phase

ADVICE = {
    "monitoring": "`phase: monitor` seals nothing; values go to the store in clear",
    "migrating": "`phase: migrate` takes unsealed values from the store too; `enforce` as soon as "
    "all are sealed",
    "unbound": "no `tenant` and no `record`: whoever can write to the store can move a sealed "
    "value to another record, and it opens there",
    "unused-lookup-keys": "no field of this rule uses its `lookup_keys`",
    "wide-route": "{} holds every request to the store",
    "open-methods": "{} to this path pass unsealed; a route without methods holds for all",
    "statements": "{} looks as if it takes statements, whose literals are not sealed; constrain "
    "their text with `require`",
    "open-pattern": "`require`: the pattern for {} lets quoted literals through, which are not "
    "sealed; exclude quotes, as in [^'\"]*",
    "slow-pattern": "`require`: the pattern for {} repeats a repetition, which some texts make "
    "very slow",
    "guessable": "{} looks as if it has few values; `search: equality` shows which records share "
    "one, and counting tells which value that is; use `sealed`",
    "spelling": "{}: the same value in another spelling is not found; add "
    "`normalize: [trim, lower]`",
    "kept-digits": "{} leaves more readable than the last four digits that are commonly allowed",
    "spoofable-clearance": "the header {} clears whoever sends it; that is sound only behind "
    "something that sets it, or takes it away, in every request",
    "searchable-mask": "{} is masked and can be searched for, so a guess that finds a record is "
    "right",
    "shown-elsewhere": "{} is the same field and not masked, so whoever may ask there sees it",
    "apart": "{} looks like this field in another spelling and is bound apart, so what is written "
    "as the one does not open as the other; give both one name with `as`",
    "parameter-name": "{} is named like a usual query parameter; requests that have it in their "
    "query are refused, or its value there is sealed",
}
"""The sentence of each word; the braces take what it speaks of."""

PCI_LAST_DIGITS = 4
"""PCI DSS 4.0, requirement 3.4.1: of a card number at most the BIN and the last four are shown."""

_WRITES = frozenset({"PATCH", "POST", "PUT"})
_GUESSABLE = re.compile(
    "active|age|approved|blocked|blood|bool(ean)?|born|citizenship|city|consent|country|currency|"
    "day|deleted|disabled|enabled|ethnicity|flag|gender|grade|has|is|kind|lang|language|level|"
    "locale|marital|month|nationality|plan|pregnant|priority|province|race|rank|rating|region|"
    "religion|role|score|sex|smoker|stage|state|status|tier|title|type|vip|year"
)
_CASELESS = re.compile("e?mail|domain|hostname")
_PARAMETER = re.compile(
    "count|cursor|expand|fields|filter|format|include|key|limit|offset|order|page|q|query|search|"
    "select|size|skip|sort|start|where",
    re.IGNORECASE,
)
_STATEMENTS = re.compile("command|cypher|graphql|gremlin|query|script|sql")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_BRACKETS = re.compile(r"[\[\].]")
_NESTED_REPEAT = re.compile(r"\([^()]*[+*}][^()]*\)[+*{]")
_LITERALS = ("SET ssn = '078-05-1120'", 'SET ssn = "078-05-1120"')


class Advice(NamedTuple):
    """One warning: its place, the rule, the word for its cause, and the sentence."""

    where: str
    rule: str
    word: str
    why: str


class _Found(NamedTuple):
    where: str
    word: str
    subject: object = ""


def lint(rule_set: RuleSet) -> list[Advice]:
    """Every advice on a rule set, in the order of its rules."""
    return [
        Advice(found.where, rule.name, found.word, ADVICE[found.word].format(found.subject))
        for rule in rule_set.rules
        for found in (*_lint_rule(rule), *_lint_company(rule, rule_set.rules))
    ]


def _lint_rule(rule: Rule) -> Iterator[_Found]:
    if rule.phase is Phase.MONITOR:
        yield _Found(rule.where, "monitoring")
    if rule.phase is Phase.MIGRATE:
        yield _Found(rule.where, "migrating")
    if rule.tenant_header is None and rule.record is None:
        yield _Found(rule.where, "unbound")
    if rule.lookup_keys and not any(_uses_lookup_key(item) for item in rule.all_fields):
        yield _Found(rule.where, "unused-lookup-keys")
    yield from _lint_routes(rule)
    yield from _lint_requirements(rule)
    for condition in rule.cleared:
        if isinstance(condition, HeaderIs):
            yield _Found(rule.where, "spoofable-clearance", condition.name)
    for item in rule.all_fields:
        yield from _lint_field(item)
    yield from _lint_spellings(rule.fields)


def _uses_lookup_key(item: Field) -> bool:
    return item.mode in DETERMINISTIC or (item.mask is not None and item.mask.is_hash)


def _lint_company(rule: Rule, rules: Iterable[Rule]) -> Iterator[_Found]:
    """What other rules show of the values that this one masks."""
    masked = {item.name: item for item in rule.all_fields if item.mask is not None}
    same = (rule.store.name, rule.collection)
    for other in rules:
        if (other.store.name, other.collection) != same or other.phase is Phase.MONITOR:
            continue
        for item in other.all_fields:
            if item.name in masked and item.mask is None and item.place is not Place.QUERY:
                where = masked[item.name].where
                yield _Found(where, "shown-elsewhere", f"{item.label} of rule {other.name!r}")


def _lint_spellings(fields: Iterable[Field]) -> Iterator[_Found]:
    """Forms spell `person.tax` as one name, `person[tax]`; answers in JSON have both steps."""
    for one, other in combinations(fields, 2):
        if one.name != other.name and _steps_of_forms(one) == _steps_of_forms(other):
            yield _Found(other.where, "apart", one.path)


def _steps_of_forms(item: Field) -> list[str]:
    names = (step for step in item.path.steps if isinstance(step, str))
    return [part for name in names for part in _BRACKETS.split(name) if part]


def _lint_routes(rule: Rule) -> Iterator[_Found]:
    methods: dict[object, frozenset[str]] = {}
    for route in rule.routes:
        methods[route.shape] = methods.get(route.shape, frozenset()) | (route.methods or _WRITES)
    for route in rule.routes:
        literals = [segment for segment in route.segments if isinstance(segment, str)]
        if route.has_rest and not literals:
            yield _Found(route.where, "wide-route", route)
        left_out = _WRITES - methods.pop(route.shape, _WRITES)
        if left_out and left_out != _WRITES:
            yield _Found(route.where, "open-methods", " and ".join(sorted(left_out)))
        reads_statements = rule.store.kind != "rest"  # and refuses literals by itself
        if not (rule.require or reads_statements) and any(map(_STATEMENTS.fullmatch, literals)):
            yield _Found(route.where, "statements", route)


def _lint_requirements(rule: Rule) -> Iterator[_Found]:
    for need in rule.require:
        if any(need.pattern.fullmatch(text) for text in _LITERALS):
            yield _Found(rule.where, "open-pattern", need.path)
        if _NESTED_REPEAT.search(need.pattern.pattern):
            yield _Found(rule.where, "slow-pattern", need.path)


def _lint_field(item: Field) -> Iterator[_Found]:
    name = item.path.last_name
    words = [word.lower() for word in _WORD.findall(name)]
    if item.mode is Mode.EQUALITY:
        if any(_GUESSABLE.fullmatch(word) for word in words):
            yield _Found(item.where, "guessable", item.label)
        if any(_CASELESS.fullmatch(word) for word in words) and "lower" not in item.normalize:
            yield _Found(item.where, "spelling", item.label)
    if item.mode is Mode.EQUALITY and item.mask is not None:
        yield _Found(item.where, "searchable-mask", item.label)
    if max(item.keep_last, item.mask.last if item.mask else 0) > PCI_LAST_DIGITS:
        yield _Found(item.where, "kept-digits", item.label)
    if _PARAMETER.fullmatch(name):
        yield _Found(item.where, "parameter-name", item.label)
