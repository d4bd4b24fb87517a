# SPDX-License-Identifier: Apache-2.0
"""Tags: names with values that hang on the CMKs and certificates of one account in one region."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select, tuple_

from sidecar.kms.store.schema import ResourceTag

KEY = "key"
CERTIFICATE = "certificate"
"""The kinds of resources that have tags, as TagResources calls them."""


class Tag(NamedTuple):
    """One tag of one resource."""

    resource_id: str
    name: str
    value: str


_COLUMNS = [getattr(ResourceTag, name) for name in Tag._fields]
_KIND_HERE = (
    ResourceTag.account == bindparam("account"),
    ResourceTag.region == bindparam("region"),
    ResourceTag.kind == bindparam("kind"),
)
_ALL = select(*_COLUMNS).where(*_KIND_HERE)
_OF_RESOURCE = _ALL.where(ResourceTag.resource_id == bindparam("resource_id"))


class Tags:
    """Reads and writes of the tags of one kind of resource."""

    def __init__(self, connection: Connection, here: Mapping[str, str], kind: str) -> None:
        self._connection = connection
        self._here = {**here, "kind": kind}

    def of(self, resource_id: str) -> dict[str, str]:
        """The tags of one resource, in the order of their names."""
        rows = self._connection.execute(_OF_RESOURCE, self._here | {"resource_id": resource_id})
        return dict(sorted((name, value) for _, name, value in rows))

    def put(self, resource_id: str, tags: Mapping[str, str]) -> None:
        """Add tags; one that is there gets the new value."""
        self.remove(resource_id, tags)
        row = {**self._here, "resource_id": resource_id}
        rows = [{**row, "name": name, "value": value} for name, value in tags.items()]
        if rows:
            self._connection.execute(insert(ResourceTag), rows)

    def remove(self, resource_id: str, names: Iterable[str]) -> None:
        gone = ResourceTag.name.in_(list(names))
        self._delete(ResourceTag.resource_id == resource_id, gone)

    def remove_all(self, resource_id: str) -> None:
        self._delete(ResourceTag.resource_id == resource_id)

    def page(
        self, where: Sequence[ColumnElement[bool]], after: tuple[str, str], limit: int
    ) -> list[Tag]:
        """Tags in the order of resources and names, from behind (`resource_id`, `name`) on."""
        place = (ResourceTag.resource_id, ResourceTag.name)
        page = _ALL.where(*where, tuple_(*place) > after).order_by(*place).limit(limit)
        return [Tag._make(row) for row in self._connection.execute(page, self._here)]

    def _delete(self, *where: ColumnElement[bool]) -> None:
        here = [getattr(ResourceTag, name) == value for name, value in self._here.items()]
        self._connection.execute(delete(ResourceTag).where(*here, *where))
