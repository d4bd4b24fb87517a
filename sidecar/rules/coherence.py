# SPDX-License-Identifier: Apache-2.0
"""What cannot stand together: inside one rule, and between the rules of a set.

Generators of errors, each at its place in a file, so that all of them can be shown. What is only
unwise is the linter's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations, product
from typing import TYPE_CHECKING

from sidecar.errors import Misconfigured
from sidecar.fieldpath import FieldPath
from sidecar.rules.faults import fault
from sidecar.rules.fields import DETERMINISTIC, Documents, Field, Mode, Place
from sidecar.rules.outside import faults_of_outside, names_of
from sidecar.rules.phase import Phase

if TYPE_CHECKING:
    from sidecar.rules.model import Rule


def faults_within(rule: Rule) -> Iterator[Misconfigured]:
    """What is wrong with one rule by itself."""
    if not rule.routes or not rule.all_fields:
        yield fault(rule.where, f"rule {rule.name!r} protects nothing: no routes or no fields")
    for route, later in combinations(rule.routes, 2):
        if route.shape == later.shape and route.shares_method(later):
            yield fault(later.where, f"{later} can never match: {route} stands before it")
    for one, other in combinations(rule.all_fields, 2):
        yield from _faults_between_fields(one, other)
    for item in rule.all_fields:
        yield from _faults_of_mode(rule, item)
    yield from faults_of_outside(rule)
    yield from _faults_of_masks(rule)
    yield from _faults_of_paths(rule)
    yield from _faults_of_places(rule)
    if rule.record is not None:
        yield from _faults_of_record(rule, rule.record)


def _faults_between_fields(one: Field, other: Field) -> Iterator[Misconfigured]:
    if one.place is other.place and one.path == other.path:
        yield fault(other.where, f"{other.label} is designated twice; first at {one.where}")
    elif one.place is other.place and one.path.overlaps(other.path):
        yield fault(other.where, f"{other.label} and {one.label} overlap; name one of them")
    elif one.name == other.name and one.makes != other.makes:
        yield fault(
            other.where,
            f"{other.label} and {one.label} are one logical field, {one.name!r}, but are sealed "
            "in different ways",
        )


def _faults_of_mode(rule: Rule, item: Field) -> Iterator[Misconfigured]:
    if item.mode in DETERMINISTIC and not rule.lookup_keys:
        yield fault(
            item.where,
            f"{item.label} needs `lookup_keys` in rule {rule.name!r}; make one with "
            "`sidecar rules lookup-key`",
        )
    if item.mode is Mode.DIGITS and len(rule.lookup_keys) > 1:
        yield fault(
            item.where,
            f"{item.label}: `format: digits` and two `lookup_keys` exclude each other, because "
            "digits do not tell which key they were sealed under",
        )
    if item.mode is Mode.DIGITS and rule.phase is Phase.MIGRATE:
        yield fault(
            item.where,
            f"{item.label}: `format: digits` and `phase: migrate` exclude each other, because an "
            "unsealed value looks like a sealed one; use `enforce`, or another mode to migrate",
        )


def _faults_of_masks(rule: Rule) -> Iterator[Misconfigured]:
    shown = [item for item in rule.all_fields if item.place is not Place.QUERY]
    for one, other in combinations(shown, 2):
        if one.name == other.name and one.mask != other.mask:
            yield fault(
                other.where,
                f"{other.label} and {one.label} are one logical field, {one.name!r}, but are not "
                "masked in one way, so what the one hides the other shows",
            )
    masked = [item for item in shown if item.mask is not None]
    for item in masked:
        if rule.phase is Phase.MIGRATE:
            yield fault(
                item.where,
                f"{item.label}: `mask` and `phase: migrate` exclude each other, because values "
                "that the store has in clear pass; begin to mask with `enforce`",
            )
        if item.mask and item.mask.is_hash and not rule.lookup_keys:
            yield fault(
                item.where,
                f"{item.label}: `mask: hash` needs `lookup_keys` in rule {rule.name!r}; make one "
                "with `sidecar rules lookup-key`",
            )
    if rule.cleared and not masked:
        yield fault(rule.where, f"rule {rule.name!r} clears callers, and masks nothing for others")


def _faults_of_paths(rule: Rule) -> Iterator[Misconfigured]:
    """What stands in paths goes into a store's logs as well."""
    names = {str(item.path) for item in rule.fields} - names_of(rule, Place.PATH)
    for route in rule.routes:
        for name in sorted(names.intersection(dict(route.variables))):
            yield fault(
                route.where,
                f"{route} carries {name!r} to the store in clear; name it under `path` as well, or "
                "let the query or the body look for it",
            )


def _faults_of_places(rule: Rule) -> Iterator[Misconfigured]:
    """No designated value may hold, or be, what another designation names."""
    if any(item.is_whole_body for item in rule.fields):
        if rule.documents != Documents():
            yield fault(rule.where, "a body that is one value has no `documents`")
        if rule.require:
            yield fault(rule.where, "a body that is one value has nothing to `require` in it")
        return
    for documents in rule.documents:
        if len(set(documents)) != len(documents):
            yield fault(rule.where, "`documents` names one place twice")
        else:
            yield from _faults_of_documents(rule, documents)
    for requirement in rule.require:
        for start, item in product(rule.documents.request, rule.fields):
            if (start / item.path).overlaps(requirement.path):
                yield fault(item.where, f"`require` reads {requirement.path}, which is sealed")


def _faults_of_documents(rule: Rule, documents: tuple[FieldPath, ...]) -> Iterator[Misconfigured]:
    for start, item in product(documents, rule.fields):
        for inner in documents:
            if (start / item.path).covers(inner):
                yield fault(item.where, f"{start / item.path} holds the documents at {inner}")
    for (start, item), (other, below) in combinations(product(documents, rule.fields), 2):
        if start != other and (start / item.path).overlaps(other / below.path):
            yield fault(
                below.where,
                f"{other / below.path} is reached twice: as {below.path} of the documents at "
                f"{other}, and by {item.path} of those at {start}",
            )


def _faults_of_record(rule: Rule, record: str) -> Iterator[Misconfigured]:
    if all(record in dict(route.variables) for route in rule.routes):
        return  # every request brings it; documents are not asked
    try:
        path = FieldPath.parse(record)
    except Misconfigured as error:
        yield fault(rule.where, f"`record`: {error.why}")
        return
    if not path.steps or not path.is_single:
        yield fault(
            rule.where,
            f"`record: {record}` names no single value of a document; name a path variable that "
            "stands in every route, or a member",
        )
    for item in rule.fields:
        if item.path.overlaps(path):
            yield fault(
                item.where,
                f"`record: {record}` cannot be supplied on reads, because {item.path} is sealed; "
                "bind to a member that stays readable",
            )


def faults_between(rules: Iterable[Rule]) -> Iterator[Misconfigured]:
    """What is wrong with rules in each other's company."""
    rules = tuple(rules)
    names: dict[str, Rule] = {}
    stores: dict[str, Rule] = {}
    for rule in rules:
        first = names.setdefault(rule.name, rule)
        if first is not rule:
            yield fault(rule.where, f"the name {rule.name!r} is taken by the rule at {first.where}")
        first = stores.setdefault(rule.store.name, rule)
        if first.store.kind != rule.store.kind or {*first.store.hosts} != {*rule.store.hosts}:
            yield fault(
                rule.where,
                f"store {rule.store.name!r} has another kind or other hosts here than at "
                f"{first.where}; one name is one store",
            )
    yield from _shadows(rules)


def _shadows(rules: tuple[Rule, ...]) -> Iterator[Misconfigured]:
    for one, other in combinations(rules, 2):
        hosts = sorted({*one.store.hosts} & {*other.store.hosts})
        if not hosts:
            continue
        for first, second in product(one.routes, other.routes):
            if first.meets(second):
                yield fault(
                    second.where,
                    f"shadowed: a request to {hosts[0]} can fit {second} of rule {other.name!r} "
                    f"and {first} of rule {one.name!r} at {first.where}",
                )
