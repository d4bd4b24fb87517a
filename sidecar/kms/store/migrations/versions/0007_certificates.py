# SPDX-License-Identifier: Apache-2.0
"""Certificates."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "certificate",
        sa.Column("certificate_id", sa.String(36), primary_key=True),
        sa.Column("account", sa.String(32), nullable=False),
        sa.Column("region", sa.String(32), nullable=False),
        sa.Column("key_spec", sa.String(32), nullable=False),
        sa.Column("is_exportable", sa.Boolean, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("csr", sa.String, nullable=False),
        sa.Column("certificate", sa.String, nullable=False),
        sa.Column("chain", sa.String, nullable=False),
        sa.Column("created_at", sa.Integer, nullable=False),
        sa.Column("updated_at", sa.Integer, nullable=False),
    )
    op.create_index("certificate_of_account", "certificate", ["account", "region"])
