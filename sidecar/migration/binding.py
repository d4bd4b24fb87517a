# SPDX-License-Identifier: Apache-2.0
"""A description and its rule brought together, or the reason why they do not fit.

Checked before the first request: the store is the rule's, no protected value orders a listing or
stands in a target, and something keeps the updates of others.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import httpx

from sidecar.backends import record_path
from sidecar.errors import Misconfigured
from sidecar.fieldpath import FieldPath
from sidecar.keys import Keyring
from sidecar.migration.collection import Collection, SlotValues, slot_path
from sidecar.migration.description import Description, Guard
from sidecar.migration.members import ROOT
from sidecar.migration.paging import ByLast
from sidecar.migration.records import Records
from sidecar.migration.slots import Template
from sidecar.migration.store import RawStore
from sidecar.rules import Phase, Rule, RuleSet, compile_rules
from sidecar.strict_yaml import nearest
from sidecar.transform import BODY_LIMIT, Transform


def bind(
    description: Description, rules: RuleSet, keyring: Keyring, limit: int = BODY_LIMIT
) -> Collection:
    """`description` with the rule that it names; Misconfigured where the two do not fit.

    `limit` is in bytes of one record, and of one request.
    """
    rule = _rule(description, rules)
    _check_paths(description, rule)
    store = _store(description, rule)
    active = replace(rule.unmasked, phase=Phase.ENFORCE)
    places = list(_record_places(rule, description.document))
    below = [path for path in places if path.steps]
    reading = description.reading
    return Collection(
        rule=rule,
        description=description,
        store=store,
        records=Records(rule, keyring, limit=limit, document=description.document),
        transform=Transform(compile_rules(RuleSet((active,))), keyring, limit),
        listed_at=_place("list: records", description.listing.records, below or places),
        read_at=_place(
            "read: record",
            reading.record if reading else ROOT,
            [ROOT] if ROOT in places else below,
        ),
        guard=_guard(description, rule),
    )


def rule_named(name: str, rules: RuleSet) -> Rule:
    """The rule called `name`; Misconfigured where there is none."""
    for rule in rules.rules:
        if rule.name == name:
            return rule
    raise Misconfigured(f"there is no rule {name!r}{nearest(name, (r.name for r in rules.rules))}")


def _rule(description: Description, rules: RuleSet) -> Rule:
    try:
        rule = rule_named(description.rule, rules)
    except Misconfigured as error:
        raise Misconfigured(f"{description.where}: {error.why}") from None
    if (rule.tenant_header is None) != (description.tenant is None):
        what = (
            "a tenant: say `tenant: {value: …}` or `tenant: {member: …}`"
            if rule.tenant_header
            else "no tenant: leave `tenant` out"
        )
        raise Misconfigured(f"{description.where}: rule {rule.name!r} binds to {what}")
    return rule


def _check_paths(description: Description, rule: Rule) -> None:
    """Ids are written into journals and targets, so no slot there may be a protected field."""
    protected = [description.document / field.path for field in rule.fields]
    paging = description.listing.paging
    inspected = [paging.member] if isinstance(paging, ByLast) else []
    templates = [part.request for part in (description.reading, description.writing) if part]
    try:
        for template in templates:
            SlotValues(template)
            inspected += [slot_path(slot) for slot in template.target_slots]
    except Misconfigured as error:
        raise Misconfigured(f"{description.where}: {error.why}") from None
    for path in inspected:
        if _touches(path, protected):
            raise Misconfigured(
                f"{description.where}: {str(path)!r} is a protected field; it can neither order a "
                "listing nor stand in a target"
            )


def _store(description: Description, rule: Rule) -> RawStore:
    origin = description.store or httpx.URL(f"http://{rule.store.hosts[0]}")
    store = RawStore(origin, description.headers, description.ca, description.rate)
    if store.authority not in rule.store.hosts:
        raise Misconfigured(
            f"{description.where}: rule {rule.name!r} does not name {store.authority}; its store "
            f"answers at {', '.join(rule.store.hosts)}"
        )
    return store


def _guard(description: Description, rule: Rule) -> Guard | None:
    writing = description.writing
    if writing is None:
        return None
    if writing.guard is not None:
        return writing.guard
    if writing.changed is not None:
        _check_compares(description, rule, writing.request)
        return "changed"
    if description.reading is not None:
        return "read"
    raise Misconfigured(
        f"{description.where}: nothing keeps a write from overwriting one that comes between; say "
        "`read`, or `write: changed`, or `write: {guard: store}` where the store refuses stale "
        "writes itself, or `write: {guard: none}` while nobody else writes"
    )


def _check_compares(description: Description, rule: Rule, write: Template) -> None:
    """A count tells a stale write only if the statement compares: a version, or all it writes."""
    protected = [description.document / field.path for field in rule.fields]
    record = description.document / record_path(rule.record) if rule.record else None
    compared = [slot_path(slot) for slot in write.slots if slot.is_stored]
    if any(path != record and not _touches(path, protected) for path in compared):
        return
    for slot in sorted(write.slots):
        path = slot_path(slot)
        if slot.is_stored or not _touches(path, protected):
            continue
        if not any(each.covers(path) for each in compared):
            raise Misconfigured(
                f"{description.where}: `write: changed` would not tell a stale write, because the "
                f"statement does not compare: let it look for `{{stored {slot.name}}}`, or for "
                "`{stored …}` of a version that every update changes"
            )


def _touches(path: FieldPath, protected: Iterable[FieldPath]) -> bool:
    return any(path.overlaps(field) for field in protected)


def _record_places(rule: Rule, document: FieldPath) -> Iterator[FieldPath]:
    """Where answers have records: what holds a document at `document`."""
    for path in rule.documents.response:
        above = len(path.steps) - len(document.steps)
        if above >= 0 and path.steps[above:] == document.steps:
            yield FieldPath(path.steps[:above])


def _place(word: str, chosen: FieldPath | None, places: list[FieldPath]) -> FieldPath:
    if chosen is not None:
        return chosen
    if len(places) == 1:
        return places[0]
    found = ", ".join(map(str, places)) or "none"
    raise Misconfigured(f"say `{word}`, because these places have documents of the rule: {found}")
