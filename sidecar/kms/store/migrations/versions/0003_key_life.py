# SPDX-License-Identifier: Apache-2.0
"""What becomes of a CMK: its rotation, deletion and policy; and the tags of resources."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("policy", sa.String(32768), nullable=False, server_default=""),
        sa.Column("rotated_at", sa.Integer, nullable=False, server_default="0"),
        sa.Column("rotation_interval", sa.Integer),
        sa.Column("delete_at", sa.Integer),
        sa.Column("is_protected", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("protection_reason", sa.String(8192), nullable=False, server_default=""),
    ):
        op.add_column("cmk", column)
    cmk = sa.table("cmk", sa.column("rotated_at"), sa.column("created_at"))
    op.execute(sa.update(cmk).values(rotated_at=cmk.c.created_at))
    op.create_table(
        "resource_tag",
        sa.Column("account", sa.String(32), primary_key=True),
        sa.Column("region", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("resource_id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("value", sa.String(128), nullable=False),
    )
