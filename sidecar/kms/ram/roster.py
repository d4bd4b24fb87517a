# SPDX-License-Identifier: Apache-2.0
"""The users, groups, roles and policies of one account, inside the transaction of a call.

Reads and writes go by way of the ORM: they are rare, and rows with types are worth its time. What
every call needs of them is learnt once and kept (`directory`) until the revision changes, which
every writer sees to with `changed`.
"""

import secrets
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from sidecar.kms.ram.names import Kind, PolicyType
from sidecar.kms.store.ram_tables import (
    RamAccessKey,
    RamAttachment,
    RamGroup,
    RamMember,
    RamOIDCProvider,
    RamPolicy,
    RamPolicyVersion,
    RamRevision,
    RamRole,
    RamUser,
)

_REVISION = select(RamRevision.value)

type Named = RamUser | RamGroup | RamRole | RamPolicy
type Seeded = Named | RamAccessKey | RamMember | RamAttachment | RamOIDCProvider
type Row = Seeded | RamPolicyVersion


def revision(connection: Connection) -> str:
    """The text that changes with every change of RAM."""
    return connection.execute(_REVISION).scalar_one()


def seeded_accounts(connection: Connection) -> set[str]:
    """The accounts of which something stands here that the configuration said."""
    return {
        account
        for table in (RamUser, RamGroup, RamRole, RamPolicy)
        for account in connection.scalars(select(table.account).where(table.is_seeded).distinct())
    }


class Roster:
    """RAM in one account. What is changed on a row is written by `changed`."""

    def __init__(
        self, connection: Connection, account: str, forget: Callable[[], None] = lambda: None
    ) -> None:
        """`forget` hears of every change: what was learnt in this transaction is old then."""
        # The transaction is the caller's; closing the session leaves it as it is.
        self._session = Session(connection, join_transaction_mode="rollback_only")
        self._forget = forget
        self.account = account

    def changed(self) -> None:
        """Write what was changed, and let everybody learn anew."""
        self.flush()
        self._session.execute(update(RamRevision).values(value=secrets.token_hex(16)))
        self._forget()

    def flush(self) -> None:
        """Write what was changed so far."""
        self._session.flush()

    def add(self, row: Row) -> None:
        self._session.add(row)

    def remove(self, *rows: Row) -> None:
        for row in rows:
            self._session.delete(row)

    # -- what has a name

    def find[T: Named](self, table: type[T], name: str) -> T | None:
        return self._session.get(table, (self.account, name))

    def find_by_id[T: (RamUser, RamRole)](self, table: type[T], of: str) -> T | None:
        here = (table.account == self.account, table.id == of)
        return self._session.scalars(select(table).where(*here)).one_or_none()

    def page[T: Named](self, table: type[T], after: str = "", limit: int | None = None) -> list[T]:
        """In the order of their names, those that come after `after`.

        Sorted here: each database orders texts as it likes, and a marker has one meaning.
        """
        behind = [row for row in self.all_of(table) if row.name > after]
        return sorted(behind, key=lambda row: row.name)[:limit]

    def count(self, table: type[Named]) -> int:
        counted = select(func.count()).select_from(table).where(table.account == self.account)
        return self._session.scalars(counted).one()

    def rename_user(self, user: RamUser, new: str) -> None:
        """Its keys, groups and policies go with it."""
        for key in self.access_keys(user.name):
            key.user = new
        for member in self.groups_of(user.name):
            member.user = new
        self._rename_holder(Kind.USER, user.name, new)
        user.name = new

    def rename_group(self, group: RamGroup, new: str) -> None:
        """Its users and policies go with it."""
        for member in self.members_of(group.name):
            member.group = new
        self._rename_holder(Kind.GROUP, group.name, new)
        group.name = new

    def _rename_holder(self, kind: Kind, old: str, new: str) -> None:
        for attachment in self.attachments_of(kind, old):
            attachment.holder = new

    # -- what stands between them

    def access_keys(self, user: str) -> list[RamAccessKey]:
        return self._all(
            RamAccessKey,
            RamAccessKey.account == self.account,
            RamAccessKey.user == user,
            order=(RamAccessKey.created_at, RamAccessKey.id),
        )

    def find_access_key(self, key_id: str) -> RamAccessKey | None:
        """Of any account: an id is there once."""
        return self._session.get(RamAccessKey, key_id)

    def groups_of(self, user: str) -> list[RamMember]:
        here = (RamMember.account == self.account, RamMember.user == user)
        return self._all(RamMember, *here, order=(RamMember.group,))

    def members_of(self, group: str) -> list[RamMember]:
        """In the order of their names, as a page is."""
        here = (RamMember.account == self.account, RamMember.group == group)
        return sorted(self._all(RamMember, *here), key=lambda row: row.user)

    def attachments_of(self, kind: Kind, holder: str) -> list[RamAttachment]:
        """The policies that hold for a user, group or role by themselves."""
        return self._all(
            RamAttachment,
            RamAttachment.account == self.account,
            RamAttachment.kind == kind,
            RamAttachment.holder == holder,
            order=(RamAttachment.policy_type, RamAttachment.policy),
        )

    def holders_of(self, kind: PolicyType, policy: str) -> list[RamAttachment]:
        return self._all(
            RamAttachment,
            RamAttachment.account == self.account,
            RamAttachment.policy_type == kind,
            RamAttachment.policy == policy,
            order=(RamAttachment.kind, RamAttachment.holder),
        )

    def versions_of(self, policy: str) -> list[RamPolicyVersion]:
        return self._all(
            RamPolicyVersion,
            RamPolicyVersion.account == self.account,
            RamPolicyVersion.policy == policy,
            order=(RamPolicyVersion.version,),
        )

    def find_version(self, policy: str, version: int) -> RamPolicyVersion | None:
        return self._session.get(RamPolicyVersion, (self.account, policy, version))

    def all_of[T: Row](self, table: type[T]) -> list[T]:
        """Every row of the account."""
        return self._all(table, table.account == self.account)

    def _all[T: Row](
        self,
        table: type[T],
        *where: ColumnElement[bool],
        order: Sequence[InstrumentedAttribute[Any]] = (),
    ) -> list[T]:
        return list(self._session.scalars(select(table).where(*where).order_by(*order)))
