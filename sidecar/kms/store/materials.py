# SPDX-License-Identifier: Apache-2.0
"""What the database keeps of the material of key versions: nothing that opens a ciphertext.

A version whose key is in the token has no more here than that it is there, and the public half of a
pair. Material of SOFTWARE level is sealed under the token's root key.
"""

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, insert, or_, select, update

from sidecar.kms.store.schema import DELETED, Key, KeyMaterial, KeyVersion


class Material(NamedTuple):
    """The material of one key version, as it may be kept."""

    is_in_token: bool
    sealed: bytes | None = None
    public_key: bytes | None = None
    """A SubjectPublicKeyInfo, in DER."""
    fingerprint: bytes | None = None
    """Of imported material: by it the same material is known again."""

    @property
    def is_there(self) -> bool:
        """Imported material may be deleted, or expire."""
        return self.is_in_token or self.sealed is not None


_COLUMNS = [getattr(KeyMaterial, name) for name in Material._fields]
_FIND = (
    select(*_COLUMNS)
    .join(KeyVersion, KeyVersion.version_id == KeyMaterial.version_id)
    .where(
        KeyVersion.key_id == bindparam("key_id"),
        KeyVersion.version_id == bindparam("version_id"),
    )
)

_WITH_KEY = (
    select(KeyMaterial.version_id)
    .join(KeyVersion, KeyVersion.version_id == KeyMaterial.version_id)
    .join(Key, Key.key_id == KeyVersion.key_id)
)


class Materials:
    """Reads and writes of the material of key versions, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, key_id: str, version_id: str) -> Material | None:
        """The material of a version of this CMK; None where it has no such version."""
        asked = {"key_id": key_id, "version_id": version_id}
        row = self._connection.execute(_FIND, asked).first()
        return Material._make(row) if row else None

    def keep(self, version_id: str, material: Material) -> None:
        """Store or replace it; the version itself is stored already."""
        self._connection.execute(delete(KeyMaterial).where(KeyMaterial.version_id == version_id))
        row = {"version_id": version_id, **material._asdict()}
        self._connection.execute(insert(KeyMaterial), row)

    def forget(self, version_id: str) -> None:
        """The secret is gone; by what is left its public half and its like are still known."""
        gone = update(KeyMaterial).where(KeyMaterial.version_id == version_id)
        self._connection.execute(gone.values(is_in_token=False, sealed=None))


def find_sealed(connection: Connection) -> tuple[str, bytes] | None:
    """Some version whose material is sealed, and that, where there is one."""
    columns = (KeyMaterial.version_id, KeyMaterial.sealed)
    row = connection.execute(select(*columns).where(KeyMaterial.sealed.is_not(None))).first()
    return (row.version_id, row.sealed) if row is not None and row.sealed is not None else None


def list_in_token(connection: Connection) -> frozenset[str]:
    """The ids of every key version, of every account, that the token must hold."""
    held = _WITH_KEY.where(KeyMaterial.is_in_token, Key.state != DELETED)
    return frozenset(connection.execute(held).scalars())


def list_to_destroy(connection: Connection) -> list[str]:
    """The ids of the versions of deleted CMKs whose material is still there."""
    is_there = or_(KeyMaterial.is_in_token, KeyMaterial.sealed.is_not(None))
    return list(connection.execute(_WITH_KEY.where(is_there, Key.state == DELETED)).scalars())
