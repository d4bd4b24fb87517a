# SPDX-License-Identifier: Apache-2.0
"""A description that suits its rule: everything that a sweep of the collection needs."""

from typing import NamedTuple

from sidecar.backends import record_path
from sidecar.errors import Malformed, Misconfigured
from sidecar.fieldpath import FieldPath
from sidecar.message import Headers, find_header
from sidecar.migration.description import Description, Guard, Tenant
from sidecar.migration.members import JSON, NULL, as_text, find_value, values_at
from sidecar.migration.records import Records
from sidecar.migration.slots import Slot, Template, Values
from sidecar.migration.store import RawStore
from sidecar.rules import Rule
from sidecar.transform import Transform

_NOTHING = frozenset({NULL, b'""'})


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
        if self.rule.record is None:
            return ""
        path = self.description.document / record_path(self.rule.record)
        try:
            return as_text(values_at(record, path)) or ""
        except Malformed:
            return ""

    @property
    def journal_key(self) -> str:
        """Changes when pages would be others."""
        return f"{self.rule.name}\n{self.store.authority}\n{self.description.listing.identity}"


class SlotValues:
    """What fills the slots of one template, out of records; `paths` are where in them."""

    def __init__(self, template: Template) -> None:
        self._paths = {slot: slot_path(slot) for slot in template.slots}
        self.paths = frozenset(self._paths.values())
        self._needed = template.path_slots

    def of(self, opened: bytes, stored: bytes) -> Values:
        """The values of a record, opened and as it is stored; null where it has none.

        Raises:
            Malformed: A path would have nothing in its place, and so lead to another resource.
        """
        values = {
            slot: find_value(stored if slot.is_stored else opened, path) or NULL
            for slot, path in self._paths.items()
        }
        for slot in self._needed:
            if values[slot] in _NOTHING:
                raise Malformed(f"the record has nothing for {{{slot.name}}} in a path")
        return values


def slot_path(slot: Slot) -> FieldPath:
    """Where in a record the value of a slot stands; Misconfigured."""
    path = FieldPath.parse(slot.name)
    if not path.is_single:
        raise Misconfigured(f"a slot holds one value, and {slot.name!r} may be many")
    return path
