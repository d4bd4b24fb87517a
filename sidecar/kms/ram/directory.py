# SPDX-License-Identifier: Apache-2.0
"""Finds the caller behind an access key id.

What was found is kept, with its secret opened, until RAM's revision changes, and the revision is
asked for once a transaction: while one stands, no other process can change RAM (`store/database`),
and its own calls tell when they do (`forget`). So a change holds for every call that comes after
it, in its own round and in every replica.
"""

from collections.abc import Iterable, Mapping

from cachetools import LRUCache
from sqlalchemy import Connection, RootTransaction

from sidecar.hsm import Token
from sidecar.kms.accounts import Account, OidcProvider
from sidecar.kms.policy import Policy
from sidecar.kms.ram.caller import Caller, RoleSession
from sidecar.kms.ram.documents import policies_of
from sidecar.kms.ram.key_sets import KeySets
from sidecar.kms.ram.names import Kind, RamArn
from sidecar.kms.ram.roster import Roster, revision
from sidecar.kms.ram.sessions import find_session, session_purpose
from sidecar.kms.service.sealing import unseal
from sidecar.kms.store.ram_tables import RamAccessKey, RamRole, RamUser, StsSession
from sidecar.signing import AccessKey
from sidecar.signing.failures import InactiveAccessKey

MAX_KEPT = 4096


def secret_purpose(access_key_id: str) -> str:
    """What a user's secret is sealed for."""
    return f"access-key/{access_key_id}"


class Directory:
    """The callers of `accounts`, and of no others that may stand in the store."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self.accounts: Mapping[str, Account] = {account.id: account for account in accounts}
        self.key_sets = KeySets(
            (account.id, provider)
            for account in self.accounts.values()
            for provider in account.providers
        )
        self._kept: LRUCache[str, Caller] = LRUCache(MAX_KEPT)
        self._revision = ""
        self._asked_in: RootTransaction | None = None
        """The transaction that the revision was asked for in."""

    def find_provider(self, arn: RamArn) -> OidcProvider | None:
        account = self.accounts.get(arn.account)
        return account.find_provider(arn.name) if account else None

    def forget(self) -> None:
        """RAM was changed in the transaction that stands."""
        self._asked_in = None

    def find(self, connection: Connection, token: Token, access_key_id: str) -> Caller | None:
        """The caller, or None; raise InactiveAccessKey."""
        if self._asked_in is None or self._asked_in is not connection.get_transaction():
            self._ask(connection)
        caller = self._kept.get(access_key_id)
        if caller is None:
            caller = self._learn(connection, token, access_key_id)
            if caller is not None:
                self._kept[access_key_id] = caller
        return caller

    def _ask(self, connection: Connection) -> None:
        if (now := revision(connection)) != self._revision:
            self._kept.clear()
            self._revision = now
        self._asked_in = connection.get_transaction()

    def _learn(self, connection: Connection, token: Token, key_id: str) -> Caller | None:
        session = find_session(connection, key_id)
        if session is not None:
            return self._role(connection, token, session)
        roster = Roster(connection, "")
        key = roster.find_access_key(key_id)
        if key is None:
            return None
        if not key.is_active:
            raise InactiveAccessKey
        return self._user(Roster(connection, key.account), token, key)

    def _user(self, roster: Roster, token: Token, key: RamAccessKey) -> Caller | None:
        account = self.accounts.get(roster.account)
        user = roster.find(RamUser, key.user)
        if account is None or user is None:
            return None
        secret = unseal(token, key.sealed_secret, secret_purpose(key.id)).decode()
        policies = policies_of(roster, Kind.USER, user.name)
        return Caller(account, "user", user.id, user.name, AccessKey(key.id, secret), policies)

    def _role(self, connection: Connection, token: Token, session: StsSession) -> Caller | None:
        account = self.accounts.get(session.account)
        roster = Roster(connection, session.account)
        role = roster.find_by_id(RamRole, session.role_id)
        if account is None or role is None:
            return None  # a role that is made anew under its old name is another one
        key_id = session.access_key_id
        secret = unseal(token, session.sealed_secret, session_purpose(key_id)).decode()
        policy = Policy.kept(session.policy, "session") if session.policy else None
        return Caller(
            account,
            "role",
            role.id,
            role.name,
            AccessKey(key_id, secret),
            policies_of(roster, Kind.ROLE, role.name),
            RoleSession(session.name, session.token_digest, session.expires_at, policy),
        )
