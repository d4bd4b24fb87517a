# SPDX-License-Identifier: Apache-2.0
"""The audit chain: records that cannot be altered, removed or moved without its showing.

    digest(0) = SHA-256("envelope-sidecar/kms/audit/1")
    digest(n) = SHA-256(digest(n-1) ‖ length of record n in bytes (8, big-endian) ‖ record n)

Records are numbered from 1 without gaps and are stored as the very text that was hashed. The head
(number and digest of the last record) stands in a row of its own, which writers lock, so that
several replicas write one chain.

What it shows: any change that leaves later records or the head as they were. What it cannot show
by itself: the hashes have no key, so whoever may write the database can cut off the end and set
the head back, or compute the whole chain anew. Against that, keep a head elsewhere from time to
time: `verify` takes it as its anchor and finds both.
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

    def __init__(self, sequence: int, problem: str) -> None:
        super().__init__(f"audit record {sequence}: {problem}")
        self.sequence = sequence


class Head(NamedTuple):
    """The end of the chain: the number of its last record (0: none) and the chain's digest."""

    sequence: int
    digest: bytes


class Link(NamedTuple):
    """One record with its number and the chain's digest up to it."""

    sequence: int
    record: str
    digest: bytes


def append(connection: Connection, record: str) -> Head:
    """Add `record` in the caller's transaction; the new head."""
    last = connection.execute(LOCKED_HEAD).one()
    head = Head(last.sequence + 1, chained(last.digest, record))
    connection.execute(_ADD, {**head._asdict(), "record": record})
    connection.execute(_SET_HEAD, head._asdict())
    return head


def chained(digest: bytes, record: str) -> bytes:
    """The digest after `record`, given the one before it."""
    data = record.encode("utf-8")
    return hashlib.sha256(digest + len(data).to_bytes(LENGTH_BYTES) + data).digest()


def verify(connection: Connection, anchor: Head | None = None) -> Head:
    """Compute the whole chain again, and the head of it; raise ChainBroken at the first fault.

    Call it in a snapshot (`Database.snapshot`), so that a running server is not held up.

    `anchor` is a head that was noted before and that must still be in the chain.
    """
    at = Head(0, GENESIS)
    for sequence, record, digest in _stored(connection):
        at = Head(at.sequence + 1, chained(at.digest, record))
        if sequence != at.sequence:
            raise ChainBroken(at.sequence, "is missing")
        if digest != at.digest:
            raise ChainBroken(sequence, "it, or the digest before it, is not what was written")
        if anchor is not None and at.sequence == anchor.sequence and at != anchor:
            raise ChainBroken(sequence, "another chain than the one whose head was noted")
    if anchor is not None and at.sequence < anchor.sequence:
        raise ChainBroken(at.sequence + 1, "is missing: the end was cut off")
    head = Head(*connection.execute(_HEAD).one())
    if head != at:
        raise ChainBroken(at.sequence + 1, "is missing, or the head is not what was written")
    return head


def _stored(connection: Connection) -> Iterator[Link]:
    """The records in order, a bounded number in memory; a row that is no record is a broken one."""
    last = 0
    try:
        for row in connection.execute(_IN_ORDER, execution_options={"yield_per": ROWS_AT_ONCE}):
            link = Link(*row)
            if type(link.record) is not str:
                raise ChainBroken(last + 1, "is not a text")
            yield link
            last = link.sequence
    except DBAPIError as error:
        raise ChainBroken(last + 1, "it, or one soon after it, cannot be read") from error


def tail(connection: Connection, count: int) -> list[Link]:
    """The newest `count` records, oldest first."""
    rows = connection.execute(_NEWEST.limit(count)).all()
    return [Link(*row) for row in reversed(rows)]
