# SPDX-License-Identifier: Apache-2.0
"""The audit chain: records that cannot be altered, removed or moved without its showing.

    digest(0) = SHA-256("envelope-sidecar/kms/audit/1")
    digest(n) = SHA-256(digest(n-1) ‖ length of record n in bytes (8, big-endian) ‖ record n)

Records are numbered from 1 without gaps and are stored as the very text that was hashed. The head
(number and digest of the last record) stands in a row of its own, which writers lock, so that
several replicas write one chain.

The hashes have no key: whoever may write the database can compute them anew. Against that there are
checkpoints (`checkpoint.py`), which are records as well. What is left to find out otherwise is an
end that was cut off: `verification` takes a head that was noted elsewhere and finds that too.
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import DBAPIError

from sidecar.errors import SidecarError
from sidecar.kms.store import AuditHead, AuditRecord

GENESIS = hashlib.sha256(b"envelope-sidecar/kms/audit/1").digest()
LENGTH_BYTES = 8
ROWS_AT_ONCE = 1000

_HEAD = select(AuditHead.sequence, AuditHead.digest)
LOCKED_HEAD = _HEAD.with_for_update()
_SET_HEAD = update(AuditHead)
_ADD = insert(AuditRecord)
_RECORDS = select(AuditRecord.sequence, AuditRecord.record, AuditRecord.digest)
_IN_ORDER = _RECORDS.order_by(AuditRecord.sequence)
_NEWEST = _RECORDS.order_by(AuditRecord.sequence.desc())


class ChainBroken(SidecarError):
    """The trail is not what was written; `sequence` is the first record that cannot be trusted."""

    code = "audit_chain_broken"

    def __init__(self, sequence: int, problem: str, place: str = "") -> None:
        super().__init__(f"{place}{': ' if place else ''}audit record {sequence}: {problem}")
        self.sequence = sequence
        self.problem = problem


class Head(NamedTuple):
    """The end of the chain: the number of its last record (0: none) and the chain's digest."""

    sequence: int
    digest: bytes


START = Head(0, GENESIS)


class Link(NamedTuple):
    """One record with its number and the chain's digest up to it."""

    sequence: int
    record: str
    digest: bytes

    @property
    def head(self) -> Head:
        return Head(self.sequence, self.digest)


def append(connection: Connection, *records: str) -> Head:
    """Add `records` in the caller's transaction; the new head."""
    head = Head(*connection.execute(LOCKED_HEAD).one())
    rows = []
    for record in records:
        head = Head(head.sequence + 1, chained(head.digest, record))
        rows.append({**head._asdict(), "record": record})
    if rows:
        connection.execute(_ADD, rows)
        connection.execute(_SET_HEAD, head._asdict())
    return head


def chained(digest: bytes, record: str) -> bytes:
    """The digest after `record`, given the one before it."""
    data = record.encode("utf-8")
    return hashlib.sha256(digest + len(data).to_bytes(LENGTH_BYTES) + data).digest()


def read_head(connection: Connection) -> Head:
    """What stands as the end of the chain."""
    return Head(*connection.execute(_HEAD).one())


def read(connection: Connection, after: int = 0, count: int | None = None) -> Iterator[Link]:
    """The records after number `after` in order, a bounded number of them in memory.

    Raise ChainBroken at a row that is no record.
    """
    asked = _IN_ORDER.where(AuditRecord.sequence > after).limit(count)
    last = after
    try:
        with connection.execute(asked, execution_options={"yield_per": ROWS_AT_ONCE}) as rows:
            for row in rows:
                link = Link(*row)
                if type(link.record) is not str or type(link.digest) is not bytes:
                    raise ChainBroken(last + 1, "is not a text")
                yield link
                last = link.sequence
    except DBAPIError as error:
        raise ChainBroken(last + 1, "it, or one soon after it, cannot be read") from error


def tail(connection: Connection, count: int) -> list[Link]:
    """The newest `count` records, oldest first."""
    rows = connection.execute(_NEWEST.limit(count)).all()
    return [Link(*row) for row in reversed(rows)]
