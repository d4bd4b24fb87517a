# SPDX-License-Identifier: Apache-2.0
"""The providers of workloads' tokens, as the configuration said last."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    texts = ("issuer", "audiences", "keys", "ca")
    times = ("created_at", "updated_at")
    op.create_table(
        "ram_oidc_provider",
        sa.Column("account", sa.String(32), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        *(sa.Column(name, sa.String, nullable=False) for name in texts),
        sa.Column("is_seeded", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in times),
    )
