# SPDX-License-Identifier: Apache-2.0
"""Rights to import material into a CMK, each with a pair of its own in the token."""

from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select

from sidecar.kms.store.schema import ImportToken


class Grant(NamedTuple):
    """One right: into which CMK, wrapped how, until when (seconds since 1970)."""

    token_id: str
    key_id: str
    algorithm: str
    expires_at: int


_COLUMNS = [getattr(ImportToken, name) for name in Grant._fields]


def add(connection: Connection, grant: Grant) -> None:
    connection.execute(insert(ImportToken), grant._asdict())


def find(connection: Connection, token_id: str) -> Grant | None:
    row = connection.execute(select(*_COLUMNS).where(ImportToken.token_id == token_id)).first()
    return Grant._make(row) if row else None


def list_of(connection: Connection, key_id: str) -> list[Grant]:
    """The grants for a CMK, the oldest first."""
    asked = select(*_COLUMNS).where(ImportToken.key_id == key_id)
    order = (ImportToken.expires_at, ImportToken.token_id)
    return [Grant._make(row) for row in connection.execute(asked.order_by(*order))]


def list_expired(connection: Connection, now: int) -> list[Grant]:
    asked = select(*_COLUMNS).where(ImportToken.expires_at <= now)
    return [Grant._make(row) for row in connection.execute(asked)]


def drop(connection: Connection, token_id: str) -> None:
    connection.execute(delete(ImportToken).where(ImportToken.token_id == token_id))
