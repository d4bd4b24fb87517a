# SPDX-License-Identifier: Apache-2.0
"""A description that suits its rule: everything that a sweep of the collection needs."""

from dataclasses import replace
from typing import NamedTuple

import httpx

from sidecar.errors import Malformed, Misconfigured
from sidecar.fieldpath import FieldPath
from sidecar.keys import Keyring
from sidecar.message import Headers
from sidecar.migration.description import Description, Guard, Tenant
from sidecar.migration.members import Members, as_text, values_at
from sidecar.migration.paging import ByLast
from sidecar.migration.records import Records
from sidecar.migration.slots import Slot, Template, Values
from sidecar.migration.store import RawStore
from sidecar.rules import Phase, Rule, RuleSet, compile_rules
from sidecar.strict_yaml import nearest
from sidecar.transform import BODY_LIMIT, Transform

ROOT = FieldPath(())


class Collection(NamedTuple):
    """What a rule protects, and how its store is asked for it.

    `transform` has the rule alone and in force, so that whatever goes to the store
    through it is sealed. `guard` is None where the description tells no way to write.
    """

    rule: Rule
    description: Description
    store: RawStore
    records: Records
    transform: Transform
    listed_at: FieldPath
    read_at: FieldPath
    guard: Guard | None

    def tenant_of(self, record: bytes) -> str:
        """The tenant that a record belongs to; Malformed where it fails to tell."""
        tenant = self.description.tenant or Tenant()
        if tenant.member is None:
            return tenant.value
        text = as_text(values_at(record, tenant.member))
        if text is None:
            raise Malformed(f"it does not tell its tenant at {str(tenant.member)!r}")
        return text

    def tenant_headers(self, tenant: str) -> Headers:
        """The header line that names `tenant` to the rule."""
        name = self.rule.tenant_header
        return ((name.encode(), tenant.encode()),) if name and tenant else ()

    def id_of(self, record: bytes) -> str:
        """What a record is called in reports: the id that its rule names, where it has one."""
        try:
            found = values_at(record, _record_path(self.rule)) if self.rule.record else ()
        except Malformed:
            found = ()
        return as_text(found) or ""

    @property
    def journal_key(self) -> str:
        """Changes when pages would be others."""
        return f"{self.rule.name}\n{self.store.authority}\n{self.description.listing.identity}"


class SlotValues:
    """What fills the slots of one template, out of records; `paths` are where in them."""

    def __init__(self, template: Template) -> None:
        self._paths = {slot: _slot_path(slot) for slot in template.slots}
        self.paths = frozenset(self._paths.values())
        self._members = Members(self.paths)

    def of(self, opened: bytes, stored: bytes) -> Values:
        """The values of a record, opened and as it is stored; null where it has none."""
        plain, raw = self._members.read(opened), self._members.read(stored)
        return {
            slot: next(iter((raw if slot.is_stored else plain)[path]), b"null")
            for slot, path in self._paths.items()
        }


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
    documents = rule.documents.response
    below = [path for path in documents if path.steps]
    reading = description.reading
    return Collection(
        rule=rule,
        description=description,
        store=store,
        records=Records(rule, keyring, limit=limit),
        transform=Transform(compile_rules(RuleSet((active,))), keyring, limit),
        listed_at=_place("list: records", description.listing.records, below or list(documents)),
        read_at=_place(
            "read: record",
            reading.record if reading else ROOT,
            [ROOT] if ROOT in documents else below,
        ),
        guard=_guard(description),
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
    protected = [field.path for field in rule.fields]
    paging = description.listing.paging
    inspected = [paging.member] if isinstance(paging, ByLast) else []
    templates = [part.request for part in (description.reading, description.writing) if part]
    try:
        for template in templates:
            SlotValues(template)
            inspected += [_slot_path(slot) for slot in template.target_slots]
    except Misconfigured as error:
        raise Misconfigured(f"{description.where}: {error.why}") from None
    for path in inspected:
        if any(field.covers(path) or path.covers(field) for field in protected):
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


def _guard(description: Description) -> Guard | None:
    writing = description.writing
    if writing is None:
        return None
    if writing.guard is not None:
        return writing.guard
    if writing.changed is not None:
        return "changed"
    if description.reading is not None:
        return "read"
    raise Misconfigured(
        f"{description.where}: nothing keeps a write from overwriting one that comes between; say "
        "`read`, or `write: changed`, or `write: {guard: store}` where the store refuses stale "
        "writes itself, or `write: {guard: none}` while nobody else writes"
    )


def _place(word: str, chosen: FieldPath | None, places: list[FieldPath]) -> FieldPath:
    if chosen is not None:
        return chosen
    if len(places) == 1:
        return places[0]
    raise Misconfigured(
        f"say `{word}`, because the rule finds documents at {', '.join(map(str, places))}"
    )


def _slot_path(slot: Slot) -> FieldPath:
    path = FieldPath.parse(slot.name)
    if not path.is_single:
        raise Misconfigured(f"a slot holds one value, and {slot.name!r} may be many")
    return path


def _record_path(rule: Rule) -> FieldPath:
    try:
        return FieldPath.parse(rule.record or "")
    except Misconfigured:
        return FieldPath((rule.record or "",))
