# SPDX-License-Identifier: Apache-2.0
"""Puts what `kms.yaml` says about RAM into the store, and takes out what it says no more.

The file has the last word on what it names: what was changed since is set right, what it once named
and names no more is gone, and with it whatever was hung on it since. Nothing else in the store is
touched, and nothing of it is taken over: a user, group, role, policy or access key that was made by
the API and stands in the file as well is an error, or whoever may make a user could make the one
that the file is about to give rights to, and keep a key to it.

Of a seeded access key one thing is not the file's: one that was made inactive stays so, whoever the
file gives it to.

It is done at each start; done again it changes nothing. First everything is taken out, of accounts
that are configured no more as well, so that a name, an id or a key can move in one step. Whatever
changes is told in the audit trail, in the same transaction.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from sidecar.errors import Misconfigured
from sidecar.hsm import KeyMissing, Token
from sidecar.kms.accounts import Account
from sidecar.kms.audit.record import Told
from sidecar.kms.audit.trail import write
from sidecar.kms.ram.directory import secret_purpose
from sidecar.kms.ram.names import Kind, PolicyType
from sidecar.kms.ram.roster import Roster, Row, Seeded, seeded_accounts
from sidecar.kms.ram.seeding_events import Change, ram_event, row_event
from sidecar.kms.ram.seeds import Key, seeds_of
from sidecar.kms.ram.sessions import revoke_sessions
from sidecar.kms.service.sealing import seal, unseal
from sidecar.kms.store import Database
from sidecar.kms.store.ram_tables import (
    RamAccessKey,
    RamAttachment,
    RamGroup,
    RamMember,
    RamPolicy,
    RamPolicyVersion,
    RamRole,
    RamUser,
)
from sidecar.signing import AccessKey

_RELATIONS = (RamMember, RamAttachment)
"""Who is where, and what holds for whom: there is no more to them, so the file may take them on."""

logger = logging.getLogger(__name__)


def plant(
    database: Database, token: Token, accounts: Iterable[Account], now: int, region: str
) -> None:
    """Bring the store to what `accounts` say; raise Misconfigured where that cannot be.

    What it changes is told in the trail of `region`.
    """
    configured = {account.id: account for account in accounts}
    keys = {key.id for one in configured.values() for user in one.users for key in user.access_keys}
    with database.transaction() as connection:
        gone = [Account(one, ()) for one in seeded_accounts(connection) if one not in configured]
        some = [
            _Seeding(connection, token, one, now, region) for one in (*configured.values(), *gone)
        ]
        for one in some:
            one.take_out(keys)
        for one in some:
            one.put_in()
        write(connection, [told for one in some for told in one.told])


class _Seeding:
    """One account."""

    def __init__(
        self, connection: Connection, token: Token, account: Account, now: int, region: str
    ) -> None:
        self._connection = connection
        self._roster = Roster(connection, account.id)
        self._token = token
        self._account = account
        self._now = now
        self._region = region
        self._wanted = seeds_of(account)
        self.told: list[Told] = []
        """What was changed."""

    def take_out(self, keys: Collection[str]) -> None:
        """Remove what the file says no more; `keys` are the access keys that it names anywhere."""
        for table, wanted in self._wanted.items():
            for name, row in self._there(table).items():
                if row.is_seeded and name not in wanted:
                    self._log(f"{_kind(table)} {'/'.join(name)} went from the configuration")
                    self._remove(*self._hanging_on(row, keys), row)
        for row in self._roster.all_of(RamAccessKey):
            if row.is_seeded and row.id not in keys:
                self._log(f"access key {row.id} went from the configuration")
                self._remove(row)
        self._roster.flush()

    def put_in(self) -> None:
        """Add what is not there, and set right what is."""
        try:
            for table, wanted in self._wanted.items():
                there = self._there(table)
                for name, values in wanted.items():
                    self._put(table, name, values, there.get(name))
            self._texts()
            for user in self._account.users:
                for key in user.access_keys:
                    self._access_key(user.name, key)
            if self.told:
                self._roster.changed()
        except IntegrityError as error:
            raise Misconfigured(
                f"account {self._account.id}: an id in the configuration is another's in the "
                "database"
            ) from error

    def _there(self, table: type[Seeded]) -> Mapping[Key, Any]:
        """Every row of the account, by its name."""
        columns = _named_by(table)
        return {
            tuple(getattr(row, column) for column in columns): row
            for row in self._roster.all_of(table)
        }

    def _put(
        self, table: type[Seeded], name: Key, values: Mapping[str, Any], row: Seeded | None
    ) -> None:
        if row is None:
            self._add(table, **dict(zip(_named_by(table), name, strict=True)), **values)
            return
        if table not in _RELATIONS:
            self._insist_on_own(row, "/".join(name))
        self._set(row, **values, is_seeded=True)

    def _insist_on_own(self, row: Seeded, name: str) -> None:
        if not row.is_seeded:
            raise Misconfigured(
                f"account {row.account}: the {_kind(type(row))} {name} in the configuration was "
                "made by the RAM API, and is not taken over: start without it here and delete it "
                "there, or take another name"
            )

    def _add(self, table: type[Seeded], **values: object) -> None:
        times = {n: self._now for n in ("created_at", "updated_at") if hasattr(table, n)}
        row = table(account=self._account.id, is_seeded=True, **times, **values)
        self._roster.add(row)
        self._tell(row, Change.MADE)

    def _set(self, row: Seeded, **values: object) -> None:
        changed = {name: one for name, one in values.items() if getattr(row, name) != one}
        if not changed:
            return
        if hasattr(row, "updated_at"):
            changed["updated_at"] = self._now
        for name, value in changed.items():
            setattr(row, name, value)
        self._tell(row, Change.SET)

    def _remove(self, *rows: Row) -> None:
        for row in rows:
            if not isinstance(row, RamPolicyVersion):
                self._tell(row, Change.GONE)
        self._roster.remove(*rows)

    def _tell(self, row: Seeded, change: Change) -> None:
        self.told.append(row_event(row, change, self._now, self._region))

    def _texts(self) -> None:
        """A seeded policy has one version: what the file says now."""
        for name, text in self._account.policies.items():
            versions = self._roster.versions_of(name)
            if [(one.version, one.document) for one in versions] != [(1, text)]:
                self._roster.remove(*versions)
                self._roster.flush()
                made = {"account": self._account.id, "policy": name, "version": 1}
                self._roster.add(RamPolicyVersion(**made, document=text, created_at=self._now))
                if versions:
                    self._tell_text(name)

    def _tell_text(self, policy: str) -> None:
        about = {"PolicyName": policy}
        place = (self._account.id, self._now, self._region)
        self.told.append(ram_event("CreatePolicyVersion", *place, about))

    def _access_key(self, user: str, key: AccessKey) -> None:
        row = self._roster.find_access_key(key.id)
        if row is None:
            sealed = self._sealed(key)
            self._add(RamAccessKey, id=key.id, user=user, sealed_secret=sealed, is_active=True)
            return
        self._insist_on_own(row, key.id)
        self._set(row, account=self._account.id, user=user)
        if not self._has_secret(row, key):
            self._set(row, sealed_secret=self._sealed(key))

    def _sealed(self, key: AccessKey) -> bytes:
        return seal(self._token, key.secret.encode(), secret_purpose(key.id))

    def _has_secret(self, row: RamAccessKey, key: AccessKey) -> bool:
        try:
            opened = unseal(self._token, row.sealed_secret, secret_purpose(row.id))
        except KeyMissing:
            return False
        return opened == key.secret.encode()

    def _hanging_on(self, row: Seeded, keys: Collection[str]) -> list[Any]:
        """What goes with a row; the sessions of a role end at once."""
        roster = self._roster
        match row:
            case RamUser():
                own = [key for key in roster.access_keys(row.name) if key.id not in keys]
                held = roster.attachments_of(Kind.USER, row.name)
                return [*own, *roster.groups_of(row.name), *held]
            case RamGroup():
                held = roster.attachments_of(Kind.GROUP, row.name)
                return [*roster.members_of(row.name), *held]
            case RamRole():
                revoke_sessions(self._connection, row)
                return roster.attachments_of(Kind.ROLE, row.name)
            case RamPolicy():
                holders = roster.holders_of(PolicyType.CUSTOM, row.name)
                return [*roster.versions_of(row.name), *holders]
        return []

    def _log(self, what: str) -> None:
        logger.info("account %s: %s", self._account.id, what)


def _named_by(table: type[Seeded]) -> Key:
    """The columns that name a row in its account."""
    return tuple(one.name for one in table.__table__.primary_key if one.name != "account")


def _kind(table: type[Seeded]) -> str:
    return table.__tablename__.removeprefix("ram_").replace("_", " ")
