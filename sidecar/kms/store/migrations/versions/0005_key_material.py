# SPDX-License-Identifier: Apache-2.0
"""Where the material of a key version is, when imported material ends, and tokens to import it.

Until here every version's key is in the token.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    version = sa.ForeignKey("cmk_version.version_id")
    material = op.create_table(
        "key_material",
        sa.Column("version_id", sa.String(36), version, primary_key=True),
        sa.Column("is_in_token", sa.Boolean, nullable=False),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("public_key", sa.LargeBinary),
        sa.Column("fingerprint", sa.LargeBinary),
    )
    versions = sa.table("cmk_version", sa.column("version_id"))
    op.execute(
        sa.insert(material).from_select(
            ["version_id", "is_in_token"], sa.select(versions.c.version_id, sa.true())
        )
    )
    op.add_column("cmk", sa.Column("material_expires_at", sa.Integer))
    op.create_table(
        "import_token",
        sa.Column("token_id", sa.String(36), primary_key=True),
        sa.Column("key_id", sa.String(64), sa.ForeignKey("cmk.key_id"), nullable=False),
        sa.Column("algorithm", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.Integer, nullable=False),
    )
    op.create_index("ix_import_token_key_id", "import_token", ["key_id"])
