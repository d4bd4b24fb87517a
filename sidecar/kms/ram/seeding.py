# SPDX-License-Identifier: Apache-2.0
"""Puts what `kms.yaml` says about RAM into the store, and takes out what it says no more.

The file has the last word on what it names: what was changed since is set right, what it once named
and names no more is gone, and its access keys with it. Nothing else in the store is touched. Of a
seeded access key one thing is not the file's: one that was made inactive stays so.

It is done at each start; done again it changes nothing.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from sidecar.errors import Misconfigured
from sidecar.hsm import KeyMissing, Token
from sidecar.kms.accounts import Account
from sidecar.kms.policy import SYSTEM_POLICIES
from sidecar.kms.ram.directory import secret_purpose
from sidecar.kms.ram.names import Kind, PolicyType
from sidecar.kms.ram.roster import Roster, Seeded
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

type Key = tuple[str, ...]
type Wanted = Mapping[Key, Mapping[str, Any]]
"""Values of rows by the values of the columns that name them."""

logger = logging.getLogger(__name__)


def plant(database: Database, token: Token, accounts: Iterable[Account], now: int) -> None:
    """`seed` in a transaction of its own."""
    with database.transaction() as connection:
        seed(connection, token, accounts, now)


def seed(connection: Connection, token: Token, accounts: Iterable[Account], now: int) -> None:
    """Bring the store to what `accounts` say; raise Misconfigured where that cannot be."""
    for account in accounts:
        _Seeding(connection, token, account, now).run()


class _Seeding:
    """One account."""

    def __init__(self, connection: Connection, token: Token, account: Account, now: int) -> None:
        self._roster = Roster(connection, account.id)
        self._token = token
        self._account = account
        self._now = now
        self._is_changed = False

    def run(self) -> None:
        try:
            self._bring()
            if self._is_changed:
                self._roster.changed()
        except IntegrityError as error:
            raise Misconfigured(
                f"account {self._account.id}: an id in the configuration is another's in the "
                "database"
            ) from error

    def _bring(self) -> None:
        account = self._account
        self._reconcile(RamUser, ("name",), _users(account), self._forget_user)
        self._reconcile(RamGroup, ("name",), _groups(account), self._forget_group)
        self._reconcile(RamRole, ("name",), _roles(account), self._forget_role)
        self._reconcile(RamPolicy, ("name",), _policies(account), self._forget_policy)
        self._texts()
        self._access_keys()
        self._reconcile(RamMember, ("group", "user"), _members(account))
        of_attachment = ("kind", "holder", "policy_type", "policy")
        self._reconcile(RamAttachment, of_attachment, _attachments(account))

    def _reconcile(
        self,
        table: type[Seeded],
        named_by: tuple[str, ...],
        wanted: Wanted,
        forget: Callable[[str], None] | None = None,
    ) -> None:
        """Let the seeded rows of the table be those that are wanted."""
        there = {
            tuple(getattr(row, name) for name in named_by): row
            for row in self._roster.all_of(table)
        }
        for key, row in there.items():
            if row.is_seeded and key not in wanted:
                self._tell(f"{table.__tablename__} {'/'.join(key)} went from the configuration")
                self._roster.remove(row)
                if forget is not None:
                    forget(key[0])
        self._roster.flush()  # what takes the place of another may take its id as well
        for key, values in wanted.items():
            if key in there:
                self._set(there[key], **values, is_seeded=True)
            else:
                self._add(table, **dict(zip(named_by, key, strict=True)), **values)

    def _add(self, table: type[Seeded], **values: object) -> None:
        times = {n: self._now for n in ("created_at", "updated_at") if hasattr(table, n)}
        row = table(account=self._account.id, is_seeded=True, **times, **values)
        self._roster.add(row)
        self._is_changed = True

    def _set(self, row: Seeded, **values: object) -> None:
        changed = {name: one for name, one in values.items() if getattr(row, name) != one}
        if changed and hasattr(row, "updated_at"):
            changed["updated_at"] = self._now
        for name, value in changed.items():
            setattr(row, name, value)
            self._is_changed = True

    def _texts(self) -> None:
        """A seeded policy has one version: what the file says now."""
        for name, text in self._account.policies.items():
            versions = self._roster.versions_of(name)
            if [(one.version, one.document) for one in versions] != [(1, text)]:
                self._roster.remove(*versions)
                self._roster.flush()
                made = {"account": self._account.id, "policy": name, "version": 1}
                self._roster.add(RamPolicyVersion(**made, document=text, created_at=self._now))
                self._is_changed = True

    def _access_keys(self) -> None:
        wanted = {key.id: (user, key) for user in self._account.users for key in user.access_keys}
        for row in self._roster.all_of(RamAccessKey):
            if row.is_seeded and row.id not in wanted:
                self._tell(f"access key {row.id} went from the configuration")
                self._roster.remove(row)
        for key_id, (user, key) in wanted.items():
            found = self._roster.find_access_key(key_id)
            if found is None:
                sealed = seal(self._token, key.secret.encode(), secret_purpose(key_id))
                named = {"id": key_id, "user": user.name}
                self._add(RamAccessKey, **named, sealed_secret=sealed, is_active=True)
            elif found.account != self._account.id:
                raise Misconfigured(f"access key {key_id} is of another account in the database")
            else:
                self._set(found, user=user.name, is_seeded=True)
                if not self._has_secret(found, key):
                    sealed = seal(self._token, key.secret.encode(), secret_purpose(key_id))
                    self._set(found, sealed_secret=sealed)

    def _has_secret(self, row: RamAccessKey, key: AccessKey) -> bool:
        try:
            return (
                unseal(self._token, row.sealed_secret, secret_purpose(row.id))
                == key.secret.encode()
            )
        except KeyMissing:
            return False

    def _forget_user(self, name: str) -> None:
        self._roster.remove(*self._roster.access_keys(name), *self._roster.groups_of(name))
        self._roster.remove(*self._roster.attachments_of(Kind.USER, name))

    def _forget_group(self, name: str) -> None:
        self._roster.remove(*self._roster.members_of(name))
        self._roster.remove(*self._roster.attachments_of(Kind.GROUP, name))

    def _forget_role(self, name: str) -> None:
        self._roster.remove(*self._roster.attachments_of(Kind.ROLE, name))

    def _forget_policy(self, name: str) -> None:
        self._roster.remove(*self._roster.versions_of(name))
        self._roster.remove(*self._roster.holders_of(PolicyType.CUSTOM, name))

    def _tell(self, what: str) -> None:
        logger.info("account %s: %s", self._account.id, what)
        self._is_changed = True


def _users(account: Account) -> Wanted:
    return {
        (one.name,): {"id": one.id, "display_name": one.name, "comments": ""}
        for one in account.users
    }


def _groups(account: Account) -> Wanted:
    return {
        (one.name,): {"id": f"{account.id}-{one.name}"[:64], "comments": ""}
        for one in account.groups
    }


def _roles(account: Account) -> Wanted:
    return {
        (one.name,): {
            "id": one.id,
            "description": "",
            "trust": one.trust,
            "max_session": one.max_session,
        }
        for one in account.roles
    }


def _policies(account: Account) -> Wanted:
    versions = {"default_version": 1, "last_version": 1}
    return {(name,): {"description": "", **versions} for name in account.policies}


def _members(account: Account) -> Wanted:
    return {(group.name, user): {} for group in account.groups for user in group.users}


def _attachments(account: Account) -> Wanted:
    holders = (
        *((Kind.USER, one.name, one.policies) for one in account.users),
        *((Kind.GROUP, one.name, one.policies) for one in account.groups),
        *((Kind.ROLE, one.name, one.policies) for one in account.roles),
    )
    return {
        (kind, holder, _type_of(policy), policy): {}
        for kind, holder, policies in holders
        for policy in policies
    }


def _type_of(policy: str) -> PolicyType:
    return PolicyType.SYSTEM if policy in SYSTEM_POLICIES else PolicyType.CUSTOM
