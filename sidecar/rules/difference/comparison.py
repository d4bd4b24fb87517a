# SPDX-License-Identifier: Apache-2.0
"""Two sets of rules compared: first which requests they hold for, then how.

Aliases are compared by their text: whether two names are one CMK only the KMS knows.
"""

from __future__ import annotations

from collections.abc import Iterator

from sidecar.envelope import lookup_key_id
from sidecar.fieldpath import FieldPath
from sidecar.rules.difference.change import Change
from sidecar.rules.difference.fields import compare_fields
from sidecar.rules.difference.pairing import pair
from sidecar.rules.explanation import explain_condition
from sidecar.rules.fields import DETERMINISTIC, Place
from sidecar.rules.model import Rule, RuleSet
from sidecar.rules.outside import names_of
from sidecar.rules.phase import Phase

_PHASES = {
    (Phase.MONITOR, Phase.MIGRATE): "started",
    (Phase.MONITOR, Phase.ENFORCE): "unmigrated",
    (Phase.MIGRATE, Phase.ENFORCE): "enforced",
    (Phase.ENFORCE, Phase.MIGRATE): "phase-back",
    (Phase.ENFORCE, Phase.MONITOR): "stopped",
    (Phase.MIGRATE, Phase.MONITOR): "stopped",
}


def compare(old: RuleSet, new: RuleSet) -> list[Change]:
    """Every change from `old` to `new`, the dangerous ones first, each once."""
    changes = dict.fromkeys([*_from_old(old, new), *_from_new(old, new)])
    return sorted(changes, key=lambda change: not change.is_dangerous)


def _from_old(old: RuleSet, new: RuleSet) -> Iterator[Change]:
    names = {rule.name for rule in new.rules}
    for rule in old.rules:
        pairs = pair(rule, new.rules)
        if not pairs.rules:
            yield Change.of(rule.where, rule.name, "removed-rule")
            continue
        for held in pairs.lost:
            yield Change.of(rule.where, rule.name, "removed-route", held)
        for other in pairs.rules:
            if rule.name not in names:
                yield Change.of(other.where, other.name, "renamed-rule", rule.name)
            yield from _between(rule, other)
            yield from _moved(rule, other, pairs.moved[other.name])


def _from_new(old: RuleSet, new: RuleSet) -> Iterator[Change]:
    for rule in new.rules:
        pairs = pair(rule, old.rules)
        if not pairs.rules:
            yield Change.of(rule.where, rule.name, "added-rule")
            if rule.phase is Phase.ENFORCE:
                yield Change.of(rule.where, rule.name, "unmigrated", "every field")
            continue
        for held in pairs.lost:
            yield Change.of(rule.where, rule.name, "added-route", held)
        for other in pairs.rules:
            yield from _moved(other, rule, pairs.moved[other.name])


def _between(old: Rule, new: Rule) -> Iterator[Change]:
    """What changes for requests that both hold."""
    subjects = [
        *_names(old, new),
        *_bindings(old, new),
        *_keys(old, new),
        *_places(old, new),
        *_requirements(old, new),
        *compare_fields(old, new),
        *_clearance(old, new),
    ]
    if old.phase is not new.phase:
        subjects.append((_PHASES[old.phase, new.phase], "every field"))
    if old.suite != new.suite:
        subjects.append(("changed-suite", new.suite))
    for word, subject in subjects:
        yield Change.of(new.where, new.name, word, subject)


def _moved(old: Rule, new: Rule, variables: frozenset[str]) -> Iterator[Change]:
    """What changes because variables are other segments of the same path, or none of them."""
    if old.record == new.record and old.record in variables and _is_bound(old):
        subject = f"{old.record}, another segment"
        yield Change.of(new.where, new.name, "changed-record", subject)
    for name in sorted(variables & names_of(old, Place.PATH) & names_of(new, Place.PATH)):
        yield Change.of(new.where, new.name, "removed-field", f"what was {{{name}}} in the path")


type _Found = Iterator[tuple[str, object]]
"""The words of changes, each with what it speaks of."""


def _names(old: Rule, new: Rule) -> _Found:
    if old.store.name != new.store.name:
        yield "renamed-store", old.store.name
    if old.collection != new.collection:
        yield "renamed-collection", old.collection
    if old.store.kind != new.store.kind:
        yield "changed-kind", f"{old.store.kind} to {new.store.kind}"


def _bindings(old: Rule, new: Rule) -> _Found:
    if old.tenant_header != new.tenant_header:
        yield "changed-tenant", f"{old.tenant_header or 'none'} to {new.tenant_header or 'none'}"
    if old.record != new.record and _is_bound(old):
        yield "changed-record", f"{old.record or 'none'} to {new.record or 'none'}"


def _is_bound(rule: Rule) -> bool:
    """Whether a record decides what opens: what is searched for is bound to none."""
    return any(item.mode not in DETERMINISTIC for item in rule.all_fields)


def _keys(old: Rule, new: Rule) -> _Found:
    before, now = {old.cmk.seal, *old.cmk.open}, {new.cmk.seal, *new.cmk.open}
    for name in sorted(before - now):
        yield "closed-cmk", name
    if old.cmk.seal != new.cmk.seal and old.cmk.seal in now:
        yield "changed-cmk", new.cmk.seal
    for name in sorted(now - before - {new.cmk.seal}):
        yield "opened-cmk", name
    if not any(item.mode in DETERMINISTIC for item in old.all_fields):
        return
    for edk in old.lookup_keys:
        if edk not in new.lookup_keys:
            yield "dropped-lookup-key", lookup_key_id(edk).hex()
    if old.lookup_keys[0] in new.lookup_keys[1:]:
        yield "rotated-lookup-key", ""


def _clearance(old: Rule, new: Rule) -> _Found:
    for word, conditions, others in (
        ("wider-clearance", new.cleared, old.cleared),
        ("narrower-clearance", old.cleared, new.cleared),
    ):
        for each in conditions:
            if each not in others:
                yield word, explain_condition(each)


def _places(old: Rule, new: Rule) -> _Found:
    for words, before, now in (
        ("removed-place", old.documents.request, new.documents.request),
        ("removed-answer-place", old.documents.response, new.documents.response),
    ):
        yield from ((words, path) for path in _only(before, now))
        yield from (("added-place", path) for path in _only(now, before))


def _only(some: tuple[FieldPath, ...], others: tuple[FieldPath, ...]) -> list[FieldPath]:
    return [path for path in some if path not in others]


def _requirements(old: Rule, new: Rule) -> _Found:
    before = {need.path: need.pattern.pattern for need in old.require}
    now = {need.path: need.pattern.pattern for need in new.require}
    for path, pattern in before.items():
        if path not in now:
            yield "removed-requirement", path
        elif now[path] != pattern:
            yield "changed-requirement", path
    yield from (("added-requirement", path) for path in now if path not in before)
