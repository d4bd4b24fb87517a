# SPDX-License-Identifier: Apache-2.0
"""RSA pairs that are made before a call takes them."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pair",
        sa.Column("pair_id", sa.String(36), primary_key=True),
        sa.Column("key_spec", sa.String(32), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("begun_at", sa.Integer, nullable=False),
        sa.Column("public_key", sa.LargeBinary),
        sa.Column("sealed", sa.LargeBinary),
    )
