# SPDX-License-Identifier: Apache-2.0
"""What finds audit records, the keys that sign them, and how far they were exported.

The records of before are indexed here; from now on they are when they are written.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0003"
branch_labels = None
depends_on = None

AT_ONCE = 1000


def upgrade() -> None:
    mark = op.create_table(
        "audit_mark",
        sa.Column("account", sa.String(32), primary_key=True),
        sa.Column("region", sa.String(32), primary_key=True),
        sa.Column("attribute", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("value", sa.String(256), primary_key=True),
        sa.Column("time", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "audit_key",
        sa.Column("key_id", sa.String(64), primary_key=True),
        sa.Column("token_id", sa.String(64), nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.Integer, nullable=False),
    )
    op.create_table(
        "audit_export",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("until", sa.Integer, nullable=False),
    )
    _index(op.get_bind(), mark)


def _index(connection: sa.Connection, mark: sa.Table) -> None:
    """In portions: a trail may be long."""
    record = sa.table("audit_record", sa.column("sequence"), sa.column("record"))
    asked = sa.select(record.c.sequence, record.c.record).order_by(record.c.sequence)
    last = 0
    while rows := connection.execute(asked.where(record.c.sequence > last).limit(AT_ONCE)).all():
        connection.execute(sa.insert(mark), [one for row in rows for one in _marks(*row)])
        last = rows[-1].sequence


def _marks(sequence: int, record: str) -> Iterator[dict[str, object]]:
    told = json.loads(record)
    place = {
        "account": told.get("recipientAccountId", ""),
        "region": told["acsRegion"],
        "time": int(datetime.fromisoformat(told["eventTime"]).timestamp()),
        "sequence": sequence,
    }
    for attribute, value in _values(told):
        yield {**place, "attribute": attribute, "value": value}


def _values(told: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """The numbers and the values that are left out are those of `audit.index` at this version."""
    identity = told["userIdentity"]
    yield 9, ""
    yield 1, told["eventId"]
    yield 5, told["eventName"]
    if told["eventRW"] != "Read":
        yield 8, told["eventRW"]
    if "userName" in identity:
        yield 4, identity["userName"]
    if key := identity.get("accessKeyId") or identity.get("claimedAccessKeyId"):
        yield 3, key
    for name in told.get("referencedResources", {}).get("ACS::KMS::Key", ()):
        yield 2, name
