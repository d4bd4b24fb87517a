# SPDX-License-Identifier: Apache-2.0
"""Which record of the audit trail is its newest checkpoint."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

EVENT_NAME = 5


def upgrade() -> None:
    column = sa.Column("checkpoint", sa.BigInteger, nullable=False, server_default="0")
    op.add_column("audit_head", column)
    columns = ("account", "region", "attribute", "value", "sequence")
    mark = sa.table("audit_mark", *map(sa.column, columns))
    checkpoints = sa.select(sa.func.coalesce(sa.func.max(mark.c.sequence), 0)).where(
        mark.c.account == "",
        mark.c.region == "",
        mark.c.attribute == EVENT_NAME,
        mark.c.value == "AuditCheckpoint",
    )
    head = sa.table("audit_head", sa.column("checkpoint"))
    op.execute(sa.update(head).values(checkpoint=checkpoints.scalar_subquery()))
