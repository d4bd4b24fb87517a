# SPDX-License-Identifier: Apache-2.0
"""The index of the trail: which records of an account tell of a user, an action, a key and so on.

One row for each thing that a record can be found by, in the order (account, region, attribute,
value, time, number): what is looked up is read from there in its order, however long the trail has
become. Values that most records share (`COMMON`) have no rows of their own; they are looked for
among all records of the time in question. A search reads a bounded number of records and says where
it stopped, so it never holds up other calls.

Records that no account answers for (refusals of strangers, what the KMS tells by itself) are those
of the account "".
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    delete,
    func,
    insert,
    select,
    tuple_,
)

from sidecar.kms.audit.record import Told
from sidecar.kms.store import AuditMark, AuditRecord

MAX_READ = 500
"""Records that one search reads; a few milliseconds."""
MAX_COUNTED = 2000
MAX_COUNTED_FOR_ALL = 50_000
"""Rows of the index that are counted to find the rarest condition; the latter in milliseconds."""
MAX_VALUE = 256
FOREVER = 2**40
"""Later than any record."""

_ADD = insert(AuditMark)
_COLUMNS = ("account", "region", "attribute", "value", "time", "sequence")
_PLACE = (AuditMark.time, AuditMark.sequence)
_REMOVE = delete(AuditMark).where(
    *(getattr(AuditMark, name) == bindparam(f"its_{name}") for name in _COLUMNS)
)


class Attribute(IntEnum):
    """What a record is found by; the names are those of LookupEvents, and the numbers are stored.

    The first ones are the most telling, as a rule.
    """

    EventId = 1
    ResourceName = 2
    EventAccessKeyId = 3
    User = 4
    EventName = 5
    ServiceName = 6
    ResourceType = 7
    EventRW = 8
    EVERY = 9
    """Not an attribute of the API: what all records have."""


COMMON = frozenset(
    {
        (Attribute.ServiceName, "Kms"),
        (Attribute.ResourceType, "ACS::KMS::Key"),
        (Attribute.EventRW, "Read"),
    }
)

type Condition = tuple[Attribute, str]
type Conditions = Mapping[Attribute, str]


class Position(NamedTuple):
    """A place in the order of records: seconds since 1970 and the number of the record."""

    time: int
    sequence: int


class Query(NamedTuple):
    """A question: records of one account and region from `start` until `end` (included)."""

    account: str
    region: str
    start: int
    end: int
    conditions: Conditions
    newest_first: bool = True


class Page(NamedTuple):
    """Records as they stand in the trail, and where to go on; None where there are no more."""

    found: list[tuple[Position, str]]
    reached: Position | None


def add(connection: Connection, first: int, told: Sequence[Told]) -> None:
    """Index the records numbered from `first` on."""
    added = [row for n, one in enumerate(told, first) for row in rows(n, one)]
    if added:
        connection.execute(_ADD, added)


def remove(connection: Connection, records: Mapping[int, str]) -> None:
    """Take records, by their numbers, out of the index."""
    gone = [row for n, record in records.items() for row in rows(n, json.loads(record))]
    if gone:
        asked = [{f"its_{name}": value for name, value in row.items()} for row in gone]
        connection.execute(_REMOVE, asked)


def search(connection: Connection, query: Query, limit: int, after: Position | None = None) -> Page:
    """At most `limit` records that meet all conditions, beyond the position `after`."""
    return _page(connection, query, _leading(connection, query, MAX_COUNTED), limit, after)


def search_all(connection: Connection, query: Query) -> Iterator[tuple[Position, str]]:
    """All records that meet all conditions, in order."""
    leading = _leading(connection, query, MAX_COUNTED_FOR_ALL)
    page = _page(connection, query, leading, MAX_READ, None)
    yield from page.found
    while page.reached is not None:
        page = _page(connection, query, leading, MAX_READ, page.reached)
        yield from page.found


def _page(
    connection: Connection, query: Query, leading: Condition, limit: int, after: Position | None
) -> Page:
    """What `search` answers, going along the rows of one condition."""
    found: list[tuple[Position, str]] = []
    is_cut = len(leading[1]) > MAX_VALUE
    is_met_by_all = query.conditions.items() <= {leading} and not is_cut
    most = limit if is_met_by_all else MAX_READ
    position, read = after, 0
    for time, sequence, record in connection.execute(_asked(query, leading, after, most)):
        position, read = Position(time, sequence), read + 1
        if is_met_by_all or _meets(json.loads(record), query.conditions):
            found.append((position, record))
            if len(found) == limit:
                break
    return Page(found, position if read == most or len(found) == limit else None)


def _asked(
    query: Query, leading: Condition, after: Position | None, most: int
) -> Select[int, int, str]:
    order = [column.desc() for column in _PLACE] if query.newest_first else _PLACE
    asked = (
        select(*_PLACE, AuditRecord.record)
        .join(AuditRecord, AuditRecord.sequence == AuditMark.sequence)
        .where(*_range(query, leading))
        .order_by(*order)
        .limit(most)
    )
    if after is None:
        return asked
    return asked.where(tuple_(*_PLACE) < after if query.newest_first else tuple_(*_PLACE) > after)


def _range(query: Query, condition: Condition) -> Iterator[ColumnElement[bool]]:
    """The rows of a condition within the question's times: one range of the index."""
    attribute, value = condition
    yield AuditMark.account == query.account
    yield AuditMark.region == query.region
    yield AuditMark.attribute == int(attribute)
    yield AuditMark.value == value[:MAX_VALUE]
    yield AuditMark.time >= query.start
    yield AuditMark.time <= query.end


def list_places(connection: Connection) -> Iterator[tuple[str, str]]:
    """Every account and region that has records; two steps in the index for each."""
    # One comparison of both columns would pass over every row of a place to leave it.
    asked = select(AuditMark.account, AuditMark.region).limit(1)
    asked = asked.order_by(AuditMark.account, AuditMark.region)
    row = connection.execute(asked).first()
    while row is not None:
        yield row.account, row.region
        near = asked.where(AuditMark.account == row.account, AuditMark.region > row.region)
        far = asked.where(AuditMark.account > row.account)
        row = connection.execute(near).first() or connection.execute(far).first()


def _leading(connection: Connection, query: Query, most: int) -> Condition:
    """The condition that the fewest records meet, as far as they are counted; then the first."""
    rare = sorted(set(query.conditions.items()) - COMMON)
    if len(rare) < 2:  # noqa: PLR2004 - nothing to choose
        return rare[0] if rare else (Attribute.EVERY, "")

    def count(condition: Condition) -> int:
        met = select(AuditMark.sequence).where(*_range(query, condition)).limit(most)
        return connection.execute(select(func.count()).select_from(met.subquery())).scalar_one()

    return min(rare, key=count)


def rows(sequence: int, told: Told) -> Iterator[Mapping[str, object]]:
    """The rows that find the record of this number."""
    time = int(datetime.fromisoformat(str(told["eventTime"])).timestamp())
    place = {
        "account": told.get("recipientAccountId", ""),
        "region": told.get("acsRegion", ""),
        "time": time,
        "sequence": sequence,
    }
    for attribute, value in _values(told):
        if (attribute, value) not in COMMON:
            yield {**place, "attribute": int(attribute), "value": value[:MAX_VALUE]}


def _values(told: Mapping[str, Any]) -> Iterator[tuple[Attribute, str]]:
    """Everything that a record is found by."""
    identity = told["userIdentity"]
    yield Attribute.EVERY, ""
    yield Attribute.EventId, told["eventId"]
    yield Attribute.EventName, told["eventName"]
    yield Attribute.ServiceName, told["serviceName"]
    yield Attribute.EventRW, told["eventRW"]
    if user := identity.get("userName"):
        yield Attribute.User, user
    if key := identity.get("accessKeyId") or identity.get("claimedAccessKeyId"):
        yield Attribute.EventAccessKeyId, key
    for kind, names in told.get("referencedResources", {}).items():
        yield Attribute.ResourceType, kind
        yield from {(Attribute.ResourceName, name) for name in names}


def _meets(told: Told, conditions: Conditions) -> bool:
    return not conditions or conditions.items() <= set(_values(told))
