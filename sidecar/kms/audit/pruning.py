# SPDX-License-Identifier: Apache-2.0
"""Taking old records away so that the rest still verifies.

The trail is cut at a checkpoint: it becomes the first record, and says itself what it follows. That
the trail begins there is stated and signed in a new checkpoint before anything is removed; without
the token nobody can make the trail shorter at its beginning. Records that an export has not carried
on yet are not taken away.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, delete

from sidecar.errors import Misconfigured
from sidecar.hsm import HsmThread, Token
from sidecar.kms.audit import index
from sidecar.kms.audit.chain import read
from sidecar.kms.audit.checkpoint import find_before, read_floor
from sidecar.kms.audit.exporting import cursor
from sidecar.kms.audit.trail import sign
from sidecar.kms.store import AuditRecord, Database

AT_ONCE = 500
"""Records that are removed in one transaction: running calls wait for it."""


def prune(
    database: Database, hsm: HsmThread, before: int, exports: Iterable[str], now: int
) -> tuple[int, int]:
    """Remove what was recorded before a time (seconds since 1970), up to a checkpoint.

    The number of the record that the trail begins with now, and how many were removed. Raise
    Misconfigured where one of `exports` still needs them.
    """
    floor = hsm.run(lambda token: _raise_floor(database, token, before, exports, now))
    removed = 0
    while count := _remove(database, floor):
        removed += count
    return floor, removed


def _raise_floor(
    database: Database, token: Token, before: int, exports: Iterable[str], now: int
) -> int:
    with database.transaction() as connection:
        floor, standing = read_floor(connection), find_before(connection, before)
        if standing is None or standing.sequence <= floor:
            return floor
        _see_that_all_have(connection, exports, standing.sequence - 1)
        sign(connection, token, now, standing.sequence)
        return standing.sequence


def _see_that_all_have(connection: Connection, exports: Iterable[str], last: int) -> None:
    for name in exports:
        reached = (cursor.find(connection, name) or cursor.Cursor()).sequence
        if reached < last:
            raise Misconfigured(
                f"export {name!r} has carried on {reached} records, and {last} would be removed; "
                "let it go on, or prune less"
            )


def _remove(database: Database, floor: int) -> int:
    """Remove some records before `floor`; how many."""
    with database.transaction() as connection:
        links = [link for link in read(connection, count=AT_ONCE) if link.sequence < floor]
        if links:
            index.remove(connection, {link.sequence: link.record for link in links})
            last = links[-1].sequence
            connection.execute(delete(AuditRecord).where(AuditRecord.sequence <= last))
        return len(links)
