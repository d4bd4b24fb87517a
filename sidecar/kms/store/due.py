# SPDX-License-Identifier: Apache-2.0
"""CMKs of all accounts and regions whose time has come for something, the longest due first."""

from sqlalchemy import ColumnElement, Connection, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from sidecar.kms.store.schema import DELETED, Key, KeyMaterial, KeyVersion
from sidecar.kms.store.shelf import Cmk

type Order = InstrumentedAttribute[int] | InstrumentedAttribute[int | None]

_COLUMNS = [getattr(Key, name) for name in Cmk._fields]
_HAS_MATERIAL = (
    select(KeyVersion.key_id)
    .join(KeyMaterial, KeyMaterial.version_id == KeyVersion.version_id)
    .where(
        KeyVersion.key_id == Key.key_id,
        or_(KeyMaterial.is_in_token, KeyMaterial.sealed.is_not(None)),
    )
    .exists()
)


def to_delete(connection: Connection, now: int) -> list[Cmk]:
    """Those whose deletion was scheduled."""
    return _find(connection, Key.delete_at, Key.state != DELETED, Key.delete_at <= now)


def to_destroy(connection: Connection) -> list[Cmk]:
    """Deleted ones whose material is still there."""
    return _find(connection, Key.delete_at, Key.state == DELETED, _HAS_MATERIAL)


def to_rotate(connection: Connection, now: int) -> list[Cmk]:
    """Those that get a new version by themselves; not while they are not enabled."""
    is_due = Key.rotated_at + Key.rotation_interval <= now
    return _find(connection, Key.rotated_at, Key.state == "Enabled", is_due)


def to_expire(connection: Connection, now: int) -> list[Cmk]:
    """Those whose imported material ends."""
    is_due = Key.material_expires_at <= now
    return _find(connection, Key.material_expires_at, Key.state != DELETED, is_due)


def _find(connection: Connection, order: Order, *where: ColumnElement[bool]) -> list[Cmk]:
    found = select(*_COLUMNS).where(*where).order_by(order, Key.key_id)
    return [Cmk._make(row) for row in connection.execute(found)]
