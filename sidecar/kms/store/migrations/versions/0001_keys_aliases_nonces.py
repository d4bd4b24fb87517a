# SPDX-License-Identifier: Apache-2.0
"""The first schema: CMKs, their versions, aliases and used nonces."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cmk",
        sa.Column("key_id", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("creator", sa.String(64), nullable=False),
        sa.Column("description", sa.String(8192), nullable=False),
        sa.Column("key_spec", sa.String(32), nullable=False),
        sa.Column("key_usage", sa.String(32), nullable=False),
        sa.Column("origin", sa.String(32), nullable=False),
        sa.Column("protection_level", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("primary_version", sa.String(36), nullable=False),
        sa.Column("created_at", sa.Integer, nullable=False),
    )
    op.create_index("cmk_of_account", "cmk", ["account", "region", "created_at", "key_id"])
    op.create_table(
        "cmk_version",
        sa.Column("version_id", sa.String(36), primary_key=True),
        sa.Column("key_id", sa.String(64), sa.ForeignKey("cmk.key_id"), nullable=False),
        sa.Column("created_at", sa.Integer, nullable=False),
    )
    op.create_index("ix_cmk_version_key_id", "cmk_version", ["key_id"])
    op.create_table(
        "alias",
        sa.Column("account", sa.String(32), primary_key=True),
        sa.Column("region", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("key_id", sa.String(64), sa.ForeignKey("cmk.key_id"), nullable=False),
        sa.Column("created_at", sa.Integer, nullable=False),
    )
    op.create_index("ix_alias_key_id", "alias", ["key_id"])
    op.create_table(
        "nonce",
        sa.Column("access_key_id", sa.String(64), primary_key=True),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("seen_at", sa.Integer, nullable=False),
    )
    op.create_index("ix_nonce_seen_at", "nonce", ["seen_at"])
