# SPDX-License-Identifier: Apache-2.0
"""The CMKs and aliases of one account in one region, as values, inside one transaction.

Every question is asked within the account and region; there is no other way to reach a row here.
Statements are Core statements on the typed tables, built once: the unit of work of the ORM doubles
the time of a GenerateDataKey, which changes no row that it would have to track.
"""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, update

from sidecar.kms.store.certificates import Certificates
from sidecar.kms.store.materials import Material, Materials
from sidecar.kms.store.pairs import Pairs
from sidecar.kms.store.schema import DELETED, Alias, Key, KeyVersion
from sidecar.kms.store.tags import CERTIFICATE, KEY, Tags
from sidecar.kms.store.versions import Versions

type Where = Iterable[ColumnElement[bool]]


class Cmk(NamedTuple):
    """A CMK as it stands in the store; times in seconds since 1970 (see `schema.Key`)."""

    key_id: str
    account: str
    region: str
    creator: str
    description: str
    key_spec: str
    key_usage: str
    origin: str
    protection_level: str
    state: str
    primary_version: str
    created_at: int
    policy: str = ""
    rotated_at: int = 0
    rotation_interval: int | None = None
    delete_at: int | None = None
    is_protected: bool = False
    protection_reason: str = ""
    material_expires_at: int | None = None


class Label(NamedTuple):
    """An alias and the CMK it names."""

    name: str
    key_id: str


_COLUMNS = [getattr(Key, name) for name in Cmk._fields]
_HERE = (
    Key.account == bindparam("account"),
    Key.region == bindparam("region"),
    Key.state != DELETED,
)
_BY_ID = select(*_COLUMNS).where(*_HERE, Key.key_id == bindparam("key_id"))
_BY_VERSION = (
    select(*_COLUMNS)
    .join(KeyVersion, KeyVersion.key_id == Key.key_id)
    .where(*_HERE, KeyVersion.version_id == bindparam("version_id"))
)
_ALIAS_HERE = (Alias.account == bindparam("account"), Alias.region == bindparam("region"))
_ALIAS = select(Alias.name, Alias.key_id).where(*_ALIAS_HERE)
_BY_NAME = _ALIAS.where(Alias.name == bindparam("name"))


def find_cmk(connection: Connection, key_id: str) -> Cmk | None:
    """The CMK with this id in whatever account and region, deleted or not: no id is used again."""
    row = connection.execute(select(*_COLUMNS).where(Key.key_id == key_id)).first()
    return Cmk._make(row) if row else None


class Shelf:
    """Reads and writes of one account's CMKs and aliases."""

    def __init__(self, connection: Connection, account: str, region: str) -> None:
        self._connection = connection
        self._here = {"account": account, "region": region}
        self.materials = Materials(connection)
        self.pairs = Pairs(connection)
        self.versions = Versions(connection, self._here)
        self.tags = Tags(connection, self._here, KEY)
        self.certificates = Certificates(connection, self._here)
        self.tags_of_certificates = Tags(connection, self._here, CERTIFICATE)

    def add_key(self, cmk: Cmk, material: Material | None) -> None:
        """Store a new CMK with its first version; one without material gets its first later."""
        self._connection.execute(insert(Key), cmk._asdict())
        if material is not None:
            self.add_version(cmk.key_id, cmk.primary_version, cmk.created_at, material)

    def add_version(self, key_id: str, version_id: str, now: int, material: Material) -> None:
        """Store a new version of a CMK, of material that is made already (law 7)."""
        row = {"version_id": version_id, "key_id": key_id, "created_at": now}
        self._connection.execute(insert(KeyVersion), row)
        self.materials.keep(version_id, material)

    def set_state(self, cmk: Cmk, state: str) -> None:
        self.change(cmk, state=state)

    def change(self, cmk: Cmk, **members: str | float | None) -> None:
        """Give members of the CMK other values."""
        self._connection.execute(update(Key).where(Key.key_id == cmk.key_id).values(**members))

    def delete_key(self, cmk: Cmk) -> None:
        """Nobody finds the CMK any more, nor its aliases and tags; its row and versions stay."""
        named = [*self._aliases_here(), Alias.key_id == cmk.key_id]
        self._connection.execute(delete(Alias).where(*named))
        self.tags.remove_all(cmk.key_id)
        self.change(cmk, state=DELETED)

    def add_primary(self, cmk: Cmk, version_id: str, now: int, material: Material) -> None:
        """Store a new version, under which the CMK encrypts from now on."""
        self.add_version(cmk.key_id, version_id, now, material)
        self.change(cmk, primary_version=version_id, rotated_at=now)

    def find_key(self, key_id: str) -> Cmk | None:
        row = self._connection.execute(_BY_ID, self._here | {"key_id": key_id}).first()
        return Cmk._make(row) if row else None

    def find_key_of_version(self, version_id: str) -> Cmk | None:
        """The CMK that a ciphertext's version belongs to."""
        row = self._connection.execute(_BY_VERSION, self._here | {"version_id": version_id}).first()
        return Cmk._make(row) if row else None

    def count_keys(self, where: Where = ()) -> int:
        counted = select(func.count()).select_from(Key).where(*_HERE, *where)
        return self._connection.execute(counted, self._here).scalar_one()

    def list_keys(self, offset: int, limit: int, where: Where = ()) -> list[Cmk]:
        """CMKs in the order of their creation."""
        page = select(*_COLUMNS).where(*_HERE, *where).order_by(Key.created_at, Key.key_id)
        rows = self._connection.execute(page.offset(offset).limit(limit), self._here)
        return [Cmk._make(row) for row in rows]

    def add_alias(self, label: Label, now: int) -> None:
        self._connection.execute(insert(Alias), self._here | label._asdict() | {"created_at": now})

    def find_alias(self, name: str) -> Label | None:
        row = self._connection.execute(_BY_NAME, self._here | {"name": name}).first()
        return Label._make(row) if row else None

    def move_alias(self, label: Label) -> None:
        """Let the alias name another CMK."""
        # An UPDATE takes the names of columns for itself, so the place is written out here.
        moved = update(Alias).where(*self._aliases_here(), Alias.name == label.name)
        self._connection.execute(moved.values(key_id=label.key_id))

    def delete_alias(self, name: str) -> None:
        self._connection.execute(delete(Alias).where(*_ALIAS_HERE, Alias.name == name), self._here)

    def _aliases_here(self) -> list[ColumnElement[bool]]:
        return [getattr(Alias, name) == value for name, value in self._here.items()]

    def count_aliases(self, where: Where = ()) -> int:
        counted = select(func.count()).select_from(Alias).where(*_ALIAS_HERE, *where)
        return self._connection.execute(counted, self._here).scalar_one()

    def list_aliases(self, offset: int, limit: int, where: Where = ()) -> list[Label]:
        """Aliases in the order of their names."""
        page = _ALIAS.where(*where).order_by(Alias.name).offset(offset).limit(limit)
        return [Label._make(row) for row in self._connection.execute(page, self._here)]
