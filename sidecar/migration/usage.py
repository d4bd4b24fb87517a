# SPDX-License-Identifier: Apache-2.0
"""Which CMKs, and which versions of them, still protect live data; and whether a key can go.

What an envelope says of its key is not believed: the KMS opens every EDK that is found, once, and
tells under which CMK and version it was. The answer is yes only where nothing is left and nothing
was left out: every rule that names the CMK has been read whole, and every EDK could be asked for.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sidecar.envelope import SEALING_SUITES, Envelope, KeyKind, lookup_key_id
from sidecar.errors import KeyUnavailable, Refused, SidecarError
from sidecar.keys import KeyContext, KeyDenied, Keyring, LookupKey, Provider
from sidecar.migration.records import State, Stored
from sidecar.rules import Rule, RuleSet

_AT_ONCE = 16
_CLAIM = re.compile(rb"enc:[0-9]+:")


class Sealed(NamedTuple):
    """Under what a value was found: an EDK in its context, or a lookup key of a rule."""

    rule: str
    tenant: str
    kind: KeyKind
    key: bytes


@dataclass
class Version:
    """A version of a CMK: how many values of each field stand under it."""

    values: Counter[str] = field(default_factory=Counter)
    lookup_keys: list[str] = field(default_factory=list)
    """Rules that list a lookup key of this version."""
    is_current: bool = False


@dataclass
class CmkUse:
    """One CMK: the names that rules have for it, the rules that seal under it, what it protects."""

    names: list[str] = field(default_factory=list)
    seals_for: list[str] = field(default_factory=list)
    versions: dict[str, Version] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)
    """What rules that name it may have sealed, and nobody has looked at."""


@dataclass
class Usage:
    """What was found. `unknown` counts, by field, values whose key nobody could tell."""

    cmks: dict[str, CmkUse] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    """What rules call their CMKs."""
    unknown: Counter[str] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    """Why something could not be told."""

    def about(self, key: str) -> list[str]:
        """The ids in `cmks` of the CMK `key`, named by its id or as rules name it.

        One that was not met is entered, under the name asked for: its answer is `unknown`.
        """
        ids = [each for each, use in sorted(self.cmks.items()) if key in (each, *use.names)]
        if not ids and key in self.names:  # and the troubles say why the KMS does not know it
            self.cmks[key] = CmkUse(names=[key])
        elif not ids:
            names = ", ".join(sorted(self.names))
            unseen = f"no rule names it, so nothing is looked for under it; they name {names}"
            self.cmks[key] = CmkUse(unseen=[unseen])
        return ids or [key]

    def answer(self, key_id: str) -> tuple[str, list[str]]:
        """Whether a CMK can go: `yes`, `no` or `unknown`, and what stands against it."""
        use = self.cmks[key_id]
        against = [f"rule {rule!r} seals under it" for rule in use.seals_for]
        for version_id, version in sorted(use.versions.items()):
            told = ", ".join(f"{count:,} of {name}" for name, count in version.values.most_common())
            against += [f"version {version_id} protects {told}"] if told else []
            against += [
                f"a lookup key of rule {rule!r} is under version {version_id}"
                for rule in version.lookup_keys
            ]
        if against:
            return "no", against
        missing = use.unseen + [
            f"the key of {count:,} {name}" for name, count in self.unknown.most_common()
        ]
        return ("unknown", [*missing, *self.troubles]) if missing or self.troubles else ("yes", [])


class Census:
    """Counts the values of records by the key that they are under."""

    def __init__(self) -> None:
        self.found: Counter[tuple[Sealed, str]] = Counter()
        self.records: Counter[str] = Counter()
        self.tenants: dict[str, set[str]] = {}
        """By rule: the tenants whose records alone were listed."""
        self.strays: Counter[str] = Counter()
        """By rule: sealed values where it names no field, whose key nobody is asked for."""

    def begin(self, rule: Rule, tenant: str) -> None:
        """Records of `rule` are listed: of one tenant, or of all where `tenant` is empty."""
        if tenant:
            self.tenants.setdefault(rule.name, set()).add(tenant)

    def count(self, rule: Rule, tenant: str, record: bytes, values: Iterable[Stored]) -> None:
        """One record of `rule`, and the values in it that the rule names."""
        self.records[rule.name] += 1
        claims = len(_CLAIM.findall(record))
        for value in values:
            if value.state is State.SEALED:
                claims -= 1
                place = f"{rule.name}.{value.field}"
                self.found[_sealed(rule, tenant, value.envelope), place] += 1
        self.strays[rule.name] += max(claims, 0)


def _sealed(rule: Rule, tenant: str, envelope: Envelope | None) -> Sealed:
    """The key of an envelope, and whose it is; lookup keys are shared by tenants."""
    if envelope is None:  # it claims to be one and is none
        return Sealed(rule.name, tenant, KeyKind.EDK, b"")
    kind = envelope.key_kind
    return Sealed(rule.name, tenant if kind is KeyKind.EDK else "", kind, envelope.key)


def _unseen(rule: Rule, census: Census) -> Iterator[str]:
    """What may be sealed under a rule and was not looked at."""
    if rule.name not in census.records:
        yield f"rule {rule.name!r} names it, and none of its records was read"
    if tenants := census.tenants.get(rule.name):
        yield f"of rule {rule.name!r} only the tenants {', '.join(sorted(tenants))} were read"
    if strays := census.strays[rule.name]:
        yield f"{strays:,} sealed values stand where rule {rule.name!r} names no field"
    if rule.outside:
        yield f"rule {rule.name!r} seals values outside of records as well"


class Assessor:
    """Asks the KMS about everything that a census found."""

    def __init__(self, rules: RuleSet, keyring: Keyring, provider: Provider) -> None:
        self._rules = {rule.name: rule for rule in rules.rules}
        self._keyring = keyring
        self._provider = provider
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._usage = Usage()

    async def assess(self, census: Census) -> Usage:
        """What the census means."""
        for rule in self._rules.values():
            await self._name_cmks(rule, list(_unseen(rule, census)))
            await self._note_lookup_keys(rule)
        keys = {sealed for sealed, _ in census.found}
        named = dict(zip(keys, await asyncio.gather(*map(self._ask, keys)), strict=True))
        for (sealed, place), count in census.found.items():
            if (of := named[sealed]) is None:
                self._usage.unknown[place] += count
            else:
                self._version(*of).values[place] += count
        return self._usage

    async def _name_cmks(self, rule: Rule, unseen: list[str]) -> None:
        for name in (rule.cmk.seal, *rule.cmk.open):
            self._usage.names.add(name)
            try:
                key_id = (await self._provider.describe_key(name)).key_id
            except KeyUnavailable as error:
                self._note_trouble(f"{name}: {error.why}")
                continue
            use = self._usage.cmks.setdefault(key_id, CmkUse())
            if name not in use.names:
                use.names.append(name)
            if name == rule.cmk.seal:
                use.seals_for.append(rule.name)
            use.unseen += unseen
        context = KeyContext(rule.store.name, "")
        suite = SEALING_SUITES[rule.suite]
        try:
            current = await self._keyring.for_sealing(rule.cmk, context, suite)
        except KeyUnavailable as error:
            self._note_trouble(f"{rule.cmk.seal}: {error.why}")
        else:
            self._version(current.key_id, current.key_version_id).is_current = True

    async def _note_lookup_keys(self, rule: Rule) -> None:
        for edk in rule.lookup_keys:
            key = await self._lookup_key(rule, edk)
            if key is not None:
                self._version(key.key_id, key.key_version_id).lookup_keys.append(rule.name)

    async def _lookup_key(self, rule: Rule, edk: bytes) -> LookupKey | None:
        context = KeyContext(rule.store.name, "")
        try:
            return (await self._keyring.for_lookup(rule.cmk, context, (edk,)))[0]
        except SidecarError as error:
            self._note_trouble(f"a lookup key of rule {rule.name!r}: {error.why}")
            return None

    async def _ask(self, sealed: Sealed) -> tuple[str, str] | None:
        """The CMK and version of what was found, if that can be told."""
        rule = self._rules[sealed.rule]
        if sealed.kind is KeyKind.LOOKUP:
            edk = next((e for e in rule.lookup_keys if lookup_key_id(e) == sealed.key), None)
            key = None if edk is None else await self._lookup_key(rule, edk)
            return None if key is None else (key.key_id, key.key_version_id)
        if not sealed.key:
            return None
        context = KeyContext(rule.store.name, sealed.tenant)
        try:
            async with self._gate:
                found = await self._keyring.for_opening(rule.cmk, context, (sealed.key,))
        except (Refused, KeyDenied, KeyUnavailable):
            return None
        opened = found[sealed.key]
        return opened.key_id, opened.key_version_id

    def _note_trouble(self, trouble: str) -> None:
        if trouble not in self._usage.troubles:
            self._usage.troubles.append(trouble)

    def _version(self, key_id: str, version_id: str) -> Version:
        use = self._usage.cmks.setdefault(key_id, CmkUse())
        return use.versions.setdefault(version_id, Version())
