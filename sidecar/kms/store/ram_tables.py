# SPDX-License-Identifier: Apache-2.0
"""The tables of RAM and STS: who may call, and what is known of them.

What `kms.yaml` says stands here as well, marked as `is_seeded`: it is changed there and nowhere
else. Secrets of access keys are sealed under the token's root key (`service/sealing`). Names are
unique in their account; a name is what the other tables refer to.
"""

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from sidecar.kms.store.schema import Table

NAME = String(64)
ACCOUNT = String(32)


class _Seeded:
    """What may come from the configuration."""

    is_seeded: Mapped[bool]
    created_at: Mapped[int]


class _Named(_Seeded):
    """What has a name in its account, and may change."""

    account: Mapped[str] = mapped_column(ACCOUNT, primary_key=True, sort_order=-2)
    name: Mapped[str] = mapped_column(NAME, primary_key=True, sort_order=-1)
    updated_at: Mapped[int]


class RamUser(_Named, Table):
    """A user."""

    __tablename__ = "ram_user"

    id: Mapped[str] = mapped_column(String(32), unique=True)
    display_name: Mapped[str] = mapped_column(String(128))
    comments: Mapped[str] = mapped_column(String(128))


class RamAccessKey(_Seeded, Table):
    """An access key of a user; an inactive one is known and refused."""

    __tablename__ = "ram_access_key"
    __table_args__ = (Index("ram_access_key_of_user", "account", "user"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account: Mapped[str] = mapped_column(ACCOUNT)
    user: Mapped[str] = mapped_column(NAME)
    sealed_secret: Mapped[bytes]
    is_active: Mapped[bool]


class RamGroup(_Named, Table):
    """A group of users."""

    __tablename__ = "ram_group"

    id: Mapped[str] = mapped_column(String(64), unique=True)
    comments: Mapped[str] = mapped_column(String(128))


class RamMember(_Seeded, Table):
    """That a user is in a group."""

    __tablename__ = "ram_member"
    __table_args__ = (Index("ram_member_of_user", "account", "user"),)

    account: Mapped[str] = mapped_column(ACCOUNT, primary_key=True)
    group: Mapped[str] = mapped_column(NAME, primary_key=True)
    user: Mapped[str] = mapped_column(NAME, primary_key=True)


class RamRole(_Named, Table):
    """A role; `trust` (JSON) says who may assume it."""

    __tablename__ = "ram_role"

    id: Mapped[str] = mapped_column(String(32), unique=True)
    description: Mapped[str] = mapped_column(String(1024))
    trust: Mapped[str]
    max_session: Mapped[int]


class RamOIDCProvider(_Named, Table):
    """Who vouches for workloads, as `kms.yaml` said last: what it says now is what counts.

    It stands here to tell what changes.
    """

    __tablename__ = "ram_oidc_provider"

    issuer: Mapped[str]
    audiences: Mapped[str]
    """Sorted, a space between."""
    keys: Mapped[str]
    ca: Mapped[str]
    """Empty where there is none."""


class RamPolicy(_Named, Table):
    """A policy of the account's own; the vendor's stand in the code."""

    __tablename__ = "ram_policy"

    name: Mapped[str] = mapped_column(String(128), primary_key=True, sort_order=-1)
    description: Mapped[str] = mapped_column(String(1024))
    default_version: Mapped[int]
    last_version: Mapped[int]


class RamPolicyVersion(Table):
    """One text of a policy (JSON), as it was given."""

    __tablename__ = "ram_policy_version"

    account: Mapped[str] = mapped_column(ACCOUNT, primary_key=True)
    policy: Mapped[str] = mapped_column(String(128), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[str]
    created_at: Mapped[int]


class RamAttachment(_Seeded, Table):
    """That a policy holds for a user, group or role (`kind`)."""

    __tablename__ = "ram_attachment"
    __table_args__ = (Index("ram_attachment_of_policy", "account", "policy_type", "policy"),)

    account: Mapped[str] = mapped_column(ACCOUNT, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    holder: Mapped[str] = mapped_column(NAME, primary_key=True)
    policy_type: Mapped[str] = mapped_column(String(8), primary_key=True)
    policy: Mapped[str] = mapped_column(String(128), primary_key=True)


class StsSession(Table):
    """Credentials that end: an access key of a role, bound to its security token."""

    __tablename__ = "sts_session"
    __table_args__ = (Index("sts_session_of_role", "account", "role_id"),)

    access_key_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    account: Mapped[str] = mapped_column(ACCOUNT)
    role_id: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(NAME)
    sealed_secret: Mapped[bytes]
    token_digest: Mapped[bytes]
    policy: Mapped[str]
    """What narrows it (JSON), or nothing."""
    created_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)


class RamRevision(Table):
    """A text that changes with every change of the others: what was learnt under it still holds."""

    __tablename__ = "ram_revision"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[str] = mapped_column(String(32))
