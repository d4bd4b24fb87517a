# SPDX-License-Identifier: Apache-2.0
"""The tables around the audit chain: what finds its records, who signs it, who carries it on.

Nothing here is secret: records hold no secrets, and the key that signs them is in the token.
"""

from sqlalchemy import BigInteger, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from sidecar.kms.store.schema import Table


class AuditMark(Table):
    """One thing that a record can be found by; an empty account is nobody's (`audit.index`)."""

    __tablename__ = "audit_mark"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's name and type

    account: Mapped[str] = mapped_column(String(32), primary_key=True)
    region: Mapped[str] = mapped_column(String(32), primary_key=True)
    attribute: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    value: Mapped[str] = mapped_column(String(256), primary_key=True)
    time: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class AuditKey(Table):
    """A key pair that signs checkpoints: the public half, and the id of the private one."""

    __tablename__ = "audit_key"

    key_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    token_id: Mapped[str] = mapped_column(String(64))
    public_key: Mapped[bytes]
    """Its SubjectPublicKeyInfo (DER)."""
    created_at: Mapped[int]


class AuditExport(Table):
    """How far an export has come, and which replica carries it on until when."""

    __tablename__ = "audit_export"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    holder: Mapped[str] = mapped_column(String(64))
    until: Mapped[int]
