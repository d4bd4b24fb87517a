# SPDX-License-Identifier: Apache-2.0
"""The versions of CMKs of one account in one region, inside one transaction."""

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from sidecar.kms.store.schema import DELETED, Key, KeyVersion


class Version(NamedTuple):
    """One version of a CMK; its id is the name of its material."""

    version_id: str
    key_id: str
    created_at: int


_COLUMNS = [getattr(KeyVersion, name) for name in Version._fields]
_OF_KEY = KeyVersion.key_id == bindparam("key_id")
_LIST = (
    select(*_COLUMNS).where(_OF_KEY).order_by(KeyVersion.created_at.desc(), KeyVersion.version_id)
)
_FIND = select(*_COLUMNS).where(_OF_KEY, KeyVersion.version_id == bindparam("version_id"))
_COUNT = select(func.count()).select_from(KeyVersion).where(_OF_KEY)
_COUNT_ALL = (
    select(func.count())
    .select_from(KeyVersion)
    .join(Key, Key.key_id == KeyVersion.key_id)
    .where(
        Key.account == bindparam("account"),
        Key.region == bindparam("region"),
        Key.state != DELETED,
    )
)


class Versions:
    """Questions about key versions; the CMK that they are asked of stands in the place already."""

    def __init__(self, connection: Connection, here: Mapping[str, str]) -> None:
        self._connection = connection
        self._here = here

    def page(self, key_id: str, offset: int, limit: int) -> list[Version]:
        """The versions of a CMK, newest first."""
        rows = self._connection.execute(_LIST.offset(offset).limit(limit), {"key_id": key_id})
        return [Version._make(row) for row in rows]

    def all_of(self, key_id: str) -> list[Version]:
        """Every version of a CMK, newest first."""
        return [Version._make(row) for row in self._connection.execute(_LIST, {"key_id": key_id})]

    def find(self, key_id: str, version_id: str) -> Version | None:
        asked = {"key_id": key_id, "version_id": version_id}
        row = self._connection.execute(_FIND, asked).first()
        return Version._make(row) if row else None

    def count(self, key_id: str) -> int:
        return self._connection.execute(_COUNT, {"key_id": key_id}).scalar_one()

    def count_all(self) -> int:
        """The versions of all CMKs of the account in the region."""
        return self._connection.execute(_COUNT_ALL, self._here).scalar_one()
