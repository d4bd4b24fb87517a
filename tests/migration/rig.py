# SPDX-License-Identifier: Apache-2.0
"""A collection of the small store, under a rule whose keys are in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sidecar.keys import CmkRef, KeyContext, Keyring
from sidecar.keys.providers.memory import MemoryProvider
from sidecar.migration import (
    Collection,
    Journal,
    Purpose,
    Report,
    Rewrapping,
    Sealing,
    Sweep,
    bind,
    read_description,
)
from sidecar.rules import Field, Mode, Phase, Route, Rule, RuleSet, Store
from tests.migration.shop import Shop
from tests.rules import samples

CMK = CmkRef("alias/customers")
SIMPLE = """\
version: 1
rule: customers
list: {request: "GET /customers?page={page}", page: {by: number}}
read: {request: "GET /customers/{id}"}
write: {request: "PUT /customers/{id}"}
"""


def customers(count: int) -> list[dict[str, Any]]:
    """Records with a secret each; every fourth has none."""
    return [
        {"id": f"C-{at:03}", "city": "London", "ssn": None if at % 4 == 3 else f"CANARY-{at}"}
        for at in range(count)
    ]


@dataclass
class Rig:
    """One process in front of a store."""

    shop: Shop
    authority: str
    folder: Path
    provider: MemoryProvider = field(default_factory=lambda: MemoryProvider(CMK.seal))
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    rule: Rule = field(init=False)
    keyring: Keyring = field(init=False)
    _old: str = ""

    def __post_init__(self) -> None:
        self.keyring = Keyring(self.provider)
        self.rule = self.make_rule()

    def make_rule(self, **parts: Any) -> Rule:
        """Customers, bound to their record, but for what `parts` changes."""
        values: dict[str, Any] = {
            "store": Store("crm", "rest", (self.authority,)),
            "record": "id",
            "phase": Phase.MIGRATE,
        }
        routes = self.routes("/customers", "/customers/{id}", "/command")
        return samples.rule(**{"routes": routes} | values | parts)

    async def with_lookup_key(self, *older: bytes) -> bytes:
        """Let the rule have a searchable field `email` besides; its new lookup key."""
        made = await self.provider.generate_data_key(CMK.seal, KeyContext("crm", ""))
        fields = (samples.field("ssn"), samples.field("email", Mode.EQUALITY, normalize=("lower",)))
        self.rule = self.make_rule(fields=fields, lookup_keys=(made.edk, *older))
        return made.edk

    def restart(self) -> None:
        """A new process: nothing cached, nobody told it to stop."""
        self.keyring = Keyring(self.provider)
        self.stop = asyncio.Event()

    def collection(self, text: str = SIMPLE) -> Collection:
        path = self.folder / "customers.yaml"
        path.write_text(text.replace("@STORE@", self.authority))
        collection = bind(read_description(path), RuleSet((self.rule,)), self.keyring)
        collection.store.pauses = (0.0, 0.0, 0.0)
        return collection

    def purpose(self, name: str = "migrate") -> Purpose:
        return Sealing() if name == "migrate" else Rewrapping(self.rule, self.keyring)

    async def run(self, text: str = SIMPLE, name: str = "migrate") -> Report:
        """A sweep with its journal and its proof."""
        collection, purpose = self.collection(text), self.purpose(name)
        path = self.folder / "journal"
        async with collection.store:
            sweep = Sweep(collection, purpose, self.stop, lambda _: None)
            with Journal(path, collection.journal_key) as journal:
                resumed_at = sum(journal.counts.get("outcomes", {}).values())
                await sweep.write(journal)
                coverage = None if self.stop.is_set() else await sweep.prove()
                if coverage is not None:
                    journal.remove()
        where = collection.description.where
        guard = collection.guard or "none"
        return Report(name, self.rule.name, where, sweep.tally, coverage, guard, resumed_at, 0.0)

    async def try_out(self, text: str = SIMPLE) -> Report:
        """A dry run."""
        collection, purpose = self.collection(text), self.purpose()
        async with collection.store:
            sweep = Sweep(collection, purpose, self.stop, lambda _: None)
            await sweep.write(None)
        where = collection.description.where
        return Report(purpose.name, "customers", where, sweep.tally, None, "", 0, 0.0, is_dry=True)

    async def move_alias(self) -> str:
        """A rotation: the alias names a new CMK, and the rule opens the old one too; its id."""
        self._old = (await self.provider.describe_key(CMK.seal)).key_id
        self.provider.create_cmk(CMK.seal)
        parts = {"fields": self.rule.fields, "lookup_keys": self.rule.lookup_keys}
        self.rule = self.make_rule(cmk=CmkRef(CMK.seal, (self._old,)), **parts)
        self.restart()
        return self._old

    async def rotate(self) -> str:
        """A new version of the same CMK makes data keys from now on; the id of the one before."""
        key_id = (await self.provider.describe_key(CMK.seal)).key_id
        cmks = self.provider._cmks
        old = cmks[key_id]
        cmks[f"{key_id} before"] = old
        cmks[key_id] = type(old)(key_id)
        self.restart()
        return old.version_id

    def forget_old_cmk(self) -> None:
        """The old CMK is gone, and the rule names it no more."""
        self.provider.set_state(self._old, "PendingDeletion")
        self.rule = self.make_rule(fields=self.rule.fields, lookup_keys=self.rule.lookup_keys)
        self.restart()

    def routes(self, *texts: str) -> tuple[Route, ...]:
        return tuple(Route.parse(text) for text in texts)

    def more_fields(self, *paths: str) -> tuple[Field, ...]:
        return tuple(samples.field(path) for path in paths)


@asynccontextmanager
async def opened(folder: Path, *records: dict[str, Any]) -> AsyncIterator[Rig]:
    """A store with `records` in it, and the rig before it."""
    shop = Shop(*records)
    async with shop.open() as authority:
        rig = Rig(shop, authority, folder)
        yield rig
        await rig.keyring.aclose()
