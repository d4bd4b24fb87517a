# SPDX-License-Identifier: Apache-2.0
"""Users, access keys, groups, roles, policies and sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _entities()
    _policies()
    op.create_table(
        "sts_session",
        sa.Column("access_key_id", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("role_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
        sa.Column("token_digest", sa.LargeBinary, nullable=False),
        sa.Column("policy", sa.String, nullable=False),
        sa.Column("created_at", sa.Integer, nullable=False),
        sa.Column("expires_at", sa.Integer, nullable=False),
    )
    op.create_index("sts_session_of_role", "sts_session", ["account", "role_id"])
    op.create_index("ix_sts_session_expires_at", "sts_session", ["expires_at"])
    revision_row = op.create_table(
        "ram_revision",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("value", sa.String(32), nullable=False),
    )
    op.bulk_insert(revision_row, [{"id": 1, "value": "new"}])


def _entities() -> None:
    op.create_table(
        "ram_user",
        *_name(64),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("display_name", sa.String(128), nullable=False),
        sa.Column("comments", sa.String(128), nullable=False),
        *_kept(),
    )
    op.create_table(
        "ram_access_key",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        *_kept(is_changed=False),
    )
    op.create_index("ram_access_key_of_user", "ram_access_key", ["account", "user"])
    op.create_table(
        "ram_group",
        *_name(64),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column("comments", sa.String(128), nullable=False),
        *_kept(),
    )
    op.create_table(
        "ram_member",
        sa.Column("account", sa.String(32), primary_key=True),
        sa.Column("group", sa.String(64), primary_key=True),
        sa.Column("user", sa.String(64), primary_key=True),
        *_kept(is_changed=False),
    )
    op.create_index("ram_member_of_user", "ram_member", ["account", "user"])
    op.create_table(
        "ram_role",
        *_name(64),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("description", sa.String(1024), nullable=False),
        sa.Column("trust", sa.String, nullable=False),
        sa.Column("max_session", sa.Integer, nullable=False),
        *_kept(),
    )


def _policies() -> None:
    op.create_table(
        "ram_policy",
        *_name(128),
        sa.Column("description", sa.String(1024), nullable=False),
        sa.Column("default_version", sa.Integer, nullable=False),
        sa.Column("last_version", sa.Integer, nullable=False),
        *_kept(),
    )
    op.create_table(
        "ram_policy_version",
        sa.Column("account", sa.String(32), primary_key=True),
        sa.Column("policy", sa.String(128), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("document", sa.String, nullable=False),
        sa.Column("created_at", sa.Integer, nullable=False),
    )
    op.create_table(
        "ram_attachment",
        sa.Column("account", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("holder", sa.String(64), primary_key=True),
        sa.Column("policy_type", sa.String(8), primary_key=True),
        sa.Column("policy", sa.String(128), primary_key=True),
        *_kept(is_changed=False),
    )
    op.create_index(
        "ram_attachment_of_policy", "ram_attachment", ["account", "policy_type", "policy"]
    )


def _name(length: int) -> tuple[sa.Column[str], ...]:
    return (
        sa.Column("account", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(length), primary_key=True),
    )


def _kept(*, is_changed: bool = True) -> tuple[sa.Column[int], ...]:
    times = ("created_at", "updated_at") if is_changed else ("created_at",)
    return (
        sa.Column("is_seeded", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in times),
    )
