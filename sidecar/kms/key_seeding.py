# SPDX-License-Identifier: Apache-2.0
"""Makes the CMKs and aliases that `kms.yaml` names, where they are not there yet.

It is done at each start; done again it changes nothing, and replicas that start at once make
nothing twice, for a transaction has the lock of the database. No CMK is changed or deleted for what
the file says: where one is not what it says, or an alias names another, the core does not start.
"""

import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing

from sidecar.errors import Misconfigured
from sidecar.hsm import HsmThread, Token
from sidecar.kms.audit.record import CONFIGURATION, Told
from sidecar.kms.audit.trail import write
from sidecar.kms.faults import Fault
from sidecar.kms.healing import settle
from sidecar.kms.key_events import key_event
from sidecar.kms.key_seeds import KeySeed
from sidecar.kms.limits import Quotas
from sidecar.kms.pair_maker import PairMaker
from sidecar.kms.service.material import add_made, best_level
from sidecar.kms.service.ready_pairs import PairWanted
from sidecar.kms.service.rotation import check_room_for_key
from sidecar.kms.service.specs import ALIYUN, SPECS
from sidecar.kms.service.states import KeyState
from sidecar.kms.store import DELETED, Cmk, Database, Label, Shelf, find_cmk


def plant(
    hsm: HsmThread,
    database: Database,
    seeds: Iterable[KeySeed],
    quotas: Mapping[str, Quotas],
    clock: Callable[[], float],
) -> None:
    """Let every CMK of `seeds` be there; `quotas` by account. Raise Misconfigured."""
    with closing(PairMaker(hsm, database, clock)) as pairs:
        for seed in seeds:
            planting = _Planting(database, seed, quotas[seed.account], int(clock()))
            while True:
                try:
                    hsm.run(planting.run)
                except PairWanted as wanted:
                    pairs.make_now(wanted.kind)
                else:
                    break


class _Planting:
    """One CMK."""

    def __init__(self, database: Database, seed: KeySeed, quotas: Quotas, now: int) -> None:
        self._database = database
        self._seed = seed
        self._quotas = quotas
        self._now = now

    def run(self, token: Token) -> None:
        """Raise PairWanted, or Misconfigured; what was made in vain is gone then."""
        try:
            self._run(token)
        finally:
            settle(token, self._database)

    def _run(self, token: Token) -> None:
        seed = self._seed
        with self._database.transaction() as connection:
            shelf = Shelf(connection, seed.account, seed.region)
            told = []
            cmk = find_cmk(connection, seed.key_id)
            if cmk is not None:
                self._compare(cmk)
            else:
                self._check_room(shelf)
                cmk = add_made(token, shelf, self._new(token), lambda: str(uuid.uuid4()))
                told.append(self._event("CreateKey", cmk))
            told += [
                self._event("CreateAlias", cmk, AliasName=alias)
                for alias in seed.aliases
                if self._name(shelf, alias)
            ]
            write(connection, told)

    def _compare(self, cmk: Cmk) -> None:
        """Raise Misconfigured where the CMK is not what the file says."""
        seed = self._seed
        if cmk.state == DELETED:
            raise self._problem("was deleted, and no id is used a second time")
        if (cmk.account, cmk.region) != (seed.account, seed.region):
            raise self._problem(f"is of account {cmk.account} in {cmk.region} in the database")
        if (cmk.key_spec, cmk.key_usage) != (seed.key_spec, seed.key_usage):
            raise self._problem(f"is for {cmk.key_usage}, of spec {cmk.key_spec}, in the database")

    def _check_room(self, shelf: Shelf) -> None:
        try:
            check_room_for_key(shelf, self._quotas)
        except Fault as fault:
            raise self._problem("is one more than the quotas of its account allow") from fault

    def _new(self, token: Token) -> Cmk:
        seed = self._seed
        return Cmk(
            key_id=seed.key_id,
            account=seed.account,
            region=seed.region,
            creator=seed.account,
            description="",
            key_spec=seed.key_spec,
            key_usage=seed.key_usage,
            origin=ALIYUN,
            protection_level=best_level(token, SPECS[seed.key_spec]),
            state=KeyState.PENDING_IMPORT,
            primary_version="",
            created_at=self._now,
            rotated_at=self._now,
        )

    def _name(self, shelf: Shelf, alias: str) -> bool:
        """Give the CMK the alias; whether it did not have it."""
        label = shelf.find_alias(alias)
        if label is None:
            if shelf.count_aliases() >= self._quotas.aliases:
                raise self._problem(f"has {alias}, one more than the quotas of its account allow")
            shelf.add_alias(Label(alias, self._seed.key_id), self._now)
            return True
        if label.key_id != self._seed.key_id:
            raise self._problem(f"is to be named {alias}, which is {label.key_id} in the database")
        return False

    def _event(self, name: str, cmk: Cmk, **more: str) -> Told:
        return {**key_event(name, cmk, self._now, **more), "userIdentity": CONFIGURATION}

    def _problem(self, what: str) -> Misconfigured:
        return Misconfigured(f"keys: {self._seed.key_id} {what}")
