# SPDX-License-Identifier: Apache-2.0
"""A description that suits its rule: everything that a sweep of the collection needs."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import httpx

from sidecar.errors import Malformed, Misconfigured
from sidecar.fieldpath import FieldPath
from sidecar.keys import Keyring
from sidecar.message import Headers, find_header
from sidecar.migration.description import Description, Guard, Tenant
from sidecar.migration.members import JSON, NULL, ROOT, as_text, find_value, values_at
from sidecar.migration.paging import ByLast
from sidecar.migration.records import Records
from sidecar.migration.slots import Slot, Template, Values
from sidecar.migration.store import RawStore
from sidecar.rules import Phase, Rule, RuleSet, compile_rules
from sidecar.strict_yaml import nearest
from sidecar.transform import BODY_LIMIT, Transform


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

    @property
    def media_type(self) -> bytes:
        """What a body to the store is: plain JSON, or what the description's `headers` say."""
        return find_header(self.description.headers, b"content-type") or JSON.encode()

    def id_of(self, record: bytes) -> str:
        """What a record is called in reports: the id that its rule names, where it has one."""
        try:
            path = self.description.document / _record_path(self.rule)
            found = values_at(record, path) if self.rule.record else ()
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

    def of(self, opened: bytes, stored: bytes) -> Values:
        """The values of a record, opened and as it is stored; null where it has none."""
        return {
            slot: find_value(stored if slot.is_stored else opened, path) or NULL
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
            inspected += [_slot_path(slot) for slot in template.target_slots]
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
    record = description.document / _record_path(rule)
    compared = [_slot_path(slot) for slot in write.slots if slot.is_stored]
    if any(path != record and not _touches(path, protected) for path in compared):
        return
    for slot in sorted(write.slots):
        path = _slot_path(slot)
        if slot.is_stored or not _touches(path, protected):
            continue
        if not any(each.covers(path) for each in compared):
            raise Misconfigured(
                f"{description.where}: `write: changed` would not tell a stale write, because the "
                f"statement does not compare: let it look for `{{stored {slot.name}}}`, or for "
                "`{stored …}` of a version that every update changes"
            )


def _touches(path: FieldPath, protected: Iterable[FieldPath]) -> bool:
    return any(field.covers(path) or path.covers(field) for field in protected)


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
