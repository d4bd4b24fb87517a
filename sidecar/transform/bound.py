# SPDX-License-Identifier: Apache-2.0
"""One rule made ready for its messages: its backend, what its fields do, and where to find keys."""

from collections.abc import Collection, Mapping
from functools import lru_cache, partial
from types import MappingProxyType

import msgspec

from sidecar.backends import BACKENDS
from sidecar.envelope import SEALING_SUITES, frame_owner, frame_place
from sidecar.errors import Misconfigured
from sidecar.keys import DataKey, KeyContext, Keyring, LookupKey
from sidecar.message import REMEMBERED, RequestHead
from sidecar.rules import Mask, Phase, Rule
from sidecar.transform.clearance import Clearance
from sidecar.transform.values import Keys, Treatment, treatment_of

_NONE_TO_OPEN: Mapping[bytes, DataKey] = MappingProxyType({})


class BoundField(msgspec.Struct, frozen=True):
    """What is the same for every value of one field; `place` is the first part of its context."""

    treatment: Treatment
    place: bytes


class Wanted(msgspec.Struct, frozen=True, gc=False):
    """Which keys one message needs: one that seals, those of `edks`, those in the rule."""

    tenant: str
    seals: bool = False
    edks: Collection[bytes] = ()
    lookup: bool = False


class BoundRule:
    """What is the same for every message of one rule; Misconfigured where it cannot work."""

    def __init__(self, rule: Rule, keyring: Keyring) -> None:
        if rule.store.kind not in BACKENDS:
            raise Misconfigured(f"rule {rule.name!r}: no backend for stores of {rule.store.kind!r}")
        self.name = rule.name
        self.phase = rule.phase
        self.record = rule.record
        self.reads_heads = bool(rule.outside)
        self.is_whole = any(field.is_whole_body for field in rule.fields)
        self.tenant_header = None if rule.tenant_header is None else rule.tenant_header.encode()
        self.adapter = BACKENDS[rule.store.kind].bind(rule)
        # Fields of one logical name are sealed in one way; the rules see to it.
        self.fields = {
            field.name: BoundField(
                treatment_of(field), frame_place(rule.store.name, rule.collection, field.name)
            )
            for field in rule.all_fields
        }
        self.masks = {field.name: field.mask for field in rule.all_fields if field.mask}
        kinds = {field.treatment.needs_lookup_key for field in self.fields.values()}
        self.only_kind = kinds if len(kinds) == 1 else None
        """Whether its values are sealed with lookup keys, where that is the same for all."""
        self._clearance = Clearance(rule.cleared)
        self._cmk = rule.cmk
        self._suite = SEALING_SUITES[rule.suite]
        self._key_context = lru_cache(REMEMBERED)(partial(KeyContext, rule.store.name))
        # They stand in the rule, so all its tenants share them.
        self._lookup_context = KeyContext(rule.store.name, "")
        self._lookup_edks = rule.lookup_keys
        self._keyring = keyring

    @property
    def observes(self) -> bool:
        """Whether nothing is changed or refused."""
        return self.phase is Phase.MONITOR

    def masks_for(self, head: RequestHead, now: float) -> Mapping[str, Mask]:
        """What whoever sent `head` sees in the place of values, by the names of fields."""
        if self.masks and self._clearance.clears(head, now):
            return {}
        return self.masks

    def place_of_fingerprints(self, field: str, tenant: str) -> bytes:
        """The context of a field in every record of `tenant`: equal values show alike in all."""
        return self.fields[field].place + frame_owner(tenant, "")

    def at_hand(self, wanted: Wanted) -> Keys | None:
        """The keys of one message, or None where one has to be waited for."""
        keyring, cmk = self._keyring, self._cmk
        sealing: DataKey | None = None
        opening: Mapping[bytes, DataKey] = _NONE_TO_OPEN
        lookup: tuple[LookupKey, ...] = ()
        if wanted.lookup:  # first, for of the others it is counted how often they were at hand
            resident = keyring.lookup_at_hand(cmk, self._lookup_context, self._lookup_edks)
            if resident is None:
                return None
            lookup = resident
        if wanted.seals:
            sealing = keyring.sealing_at_hand(cmk, self._key_context(wanted.tenant), self._suite)
            if sealing is None:
                return None
        if wanted.edks:
            context = self._key_context(wanted.tenant)
            opening = keyring.opening_at_hand(cmk, context, wanted.edks)
            if len(opening) < len(wanted.edks):
                return None
        return Keys(sealing, opening, lookup)

    async def keys(self, wanted: Wanted) -> Keys:
        """The keys of one message; CannotOpen, KeyUnavailable."""
        keyring, cmk, context = self._keyring, self._cmk, self._key_context(wanted.tenant)
        sealing: DataKey | None = None
        opening: Mapping[bytes, DataKey] = _NONE_TO_OPEN
        lookup: tuple[LookupKey, ...] = ()
        if wanted.seals:
            sealing = await keyring.for_sealing(cmk, context, self._suite)
        if wanted.edks:
            opening = await keyring.for_opening(cmk, context, wanted.edks)
        if wanted.lookup:
            lookup = await keyring.for_lookup(cmk, self._lookup_context, self._lookup_edks)
        return Keys(sealing, opening, lookup)
