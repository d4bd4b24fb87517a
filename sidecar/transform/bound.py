# SPDX-License-Identifier: Apache-2.0
"""One rule made ready for its messages: its backend, what its fields do, and where to find keys."""

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache, partial
from typing import NamedTuple

from sidecar.backends import BACKENDS
from sidecar.envelope import SEALING_SUITES, frame_owner, frame_place
from sidecar.errors import Misconfigured
from sidecar.keys import DataKey, KeyContext, Keyring, LookupKey
from sidecar.message import REMEMBERED, RequestHead
from sidecar.rules import Mask, Phase, Rule
from sidecar.transform.clearance import Clearance
from sidecar.transform.values import Keys, Treatment, treatment_of


class BoundField(NamedTuple):
    """What is the same for every value of one field; `place` is the first part of its context."""

    treatment: Treatment
    place: bytes


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
        self._only_kind = kinds if len(kinds) == 1 else None
        self._clearance = Clearance(rule.cleared)
        self._rule = rule
        self._key_context = lru_cache(REMEMBERED)(partial(KeyContext, rule.store.name))
        self._suite = SEALING_SUITES[rule.suite]
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

    async def keys_to_seal(self, tenant: str, treatments: Iterable[Treatment]) -> Keys:
        """The keys that seal one message; suspends only when one has to be asked for."""
        kinds = self._only_kind or {treatment.needs_lookup_key for treatment in treatments}
        sealing = None
        if False in kinds:
            context = self._key_context(tenant)
            sealing = await self._keyring.for_sealing(self._rule.cmk, context, self._suite)
        return Keys(sealing, lookup=await self._lookup_keys() if True in kinds else ())

    async def keys_to_open(
        self, tenant: str, edks: Collection[bytes], *, needs_lookup_key: bool
    ) -> Keys:
        """The keys that open one message; suspends only when one has to be asked for."""
        opening: Mapping[bytes, DataKey] = {}
        if edks:
            context = self._key_context(tenant)
            opening = await self._keyring.for_opening(self._rule.cmk, context, edks)
        return Keys(opening=opening, lookup=await self._lookup_keys() if needs_lookup_key else ())

    async def _lookup_keys(self) -> tuple[LookupKey, ...]:
        """They stand in the rule, so all its tenants share them."""
        rule = self._rule
        context = KeyContext(rule.store.name, "")
        return await self._keyring.for_lookup(rule.cmk, context, rule.lookup_keys)
