# SPDX-License-Identifier: Apache-2.0
"""Why a stored record is written again: something in it is not sealed, or sealed under old keys."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

from sidecar.envelope import SEALING_SUITES, Envelope, KeyKind, lookup_key_id
from sidecar.errors import CannotOpen, Misconfigured
from sidecar.keys import KeyContext, Keyring
from sidecar.migration.records import NotPossible, State, Stored
from sidecar.rules import Mode, Rule


class Purpose(Protocol):
    """What a sweep is for."""

    name: ClassVar[str]

    def check(self, rule: Rule) -> None:
        """Misconfigured where the collection of `rule` cannot be swept for this in its store."""

    async def is_due(self, values: Sequence[Stored], tenant: str) -> bool:
        """Whether the record that holds `values` is to be written again; KeyUnavailable."""


class Sealing:
    """What is not sealed yet."""

    name: ClassVar = "migrate"

    def check(self, rule: Rule) -> None:
        if any(field.mode is Mode.DIGITS for field in rule.fields):
            raise Misconfigured(
                f"{rule.where}: rule {rule.name!r} has a field with `format: digits`, and nothing "
                "tells which digits in the store are sealed already; export the collection, seal "
                "the file with `sidecar migrate file`, and import it into an empty one"
            )

    async def is_due(self, values: Sequence[Stored], tenant: str) -> bool:  # noqa: ARG002 - the port's signature
        return any(value.state is State.UNSEALED for value in values)


class SealingAll(Sealing):
    """What is not sealed yet, digits too: of a file that nobody has sealed."""

    async def is_due(self, values: Sequence[Stored], tenant: str) -> bool:
        has_digits = any(value.state is State.DIGITS for value in values)
        if has_digits and any(value.state is State.SEALED for value in values):
            raise NotPossible(
                "sealed_in_part", "it is sealed, at least in part: nobody can tell for its digits"
            )
        return has_digits or await super().is_due(values, tenant)


class Rewrapping:
    """What is sealed otherwise than the rule would seal it now.

    That is under a CMK, or a version of it, other than the one that makes data keys now; under a
    lookup key that is not the rule's first; or in another suite than the rule's.
    """

    name: ClassVar = "rewrap"

    def __init__(self, rule: Rule, keyring: Keyring) -> None:
        self._rule = rule
        self._keyring = keyring
        self._suite = SEALING_SUITES[rule.suite]
        self._lookup = lookup_key_id(rule.lookup_keys[0]) if rule.lookup_keys else b""

    def check(self, rule: Rule) -> None:
        """Every collection can be."""

    async def is_due(self, values: Sequence[Stored], tenant: str) -> bool:
        edks = set()
        for value in values:
            if value.state is not State.SEALED:
                continue
            if value.envelope is None or self._is_outdated(value.envelope):
                return True
            if value.envelope.key_kind is KeyKind.EDK:
                edks.add(value.envelope.key)
        return bool(edks) and await self._is_old(edks, KeyContext(self._rule.store.name, tenant))

    def _is_outdated(self, envelope: Envelope) -> bool:
        if envelope.key_kind is KeyKind.EDK:
            return envelope.suite != self._suite
        return envelope.key != self._lookup

    async def _is_old(self, edks: set[bytes], context: KeyContext) -> bool:
        current = await self._keyring.for_sealing(self._rule.cmk, context, self._suite)
        try:
            keys = await self._keyring.for_opening(self._rule.cmk, context, edks)
        except CannotOpen:  # writing it again will say so, and whose record it is
            return True
        return any(key.key_version_id != current.key_version_id for key in keys.values())
