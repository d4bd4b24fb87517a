# SPDX-License-Identifier: Apache-2.0
"""How far an export has come, and who carries it on: one row an export.

Of several replicas one carries an export at a time. It holds the row for a while and renews that
with each batch; when it falls silent another one takes over where the row says.
"""

from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update

from sidecar.kms.store import AuditExport

HOLD_SECONDS = 60


class Cursor(NamedTuple):
    """The last record that has arrived, and whose turn it is until when."""

    sequence: int = 0
    holder: str = ""
    until: int = 0

    def is_free_for(self, holder: str, now: int) -> bool:
        """Nobody holds it for longer than HOLD_SECONDS, unless a clock was set back since."""
        is_held = now < self.until <= now + HOLD_SECONDS
        return self.holder == holder or not is_held


def find(connection: Connection, name: str) -> Cursor | None:
    columns = (AuditExport.sequence, AuditExport.holder, AuditExport.until)
    row = connection.execute(select(*columns).where(AuditExport.name == name)).first()
    return Cursor(*row) if row else None


def claim(connection: Connection, name: str, holder: str, now: int) -> bool:
    """Hold the export from now on, in a transaction that is alone; False where another one does."""
    cursor = find(connection, name)
    if cursor is None:
        row = {"name": name, **Cursor(0, holder, now + HOLD_SECONDS)._asdict()}
        connection.execute(insert(AuditExport), row)
        return True
    if not cursor.is_free_for(holder, now):
        return False
    _set(connection, name, cursor._replace(holder=holder, until=now + HOLD_SECONDS))
    return True


def advance(connection: Connection, name: str, holder: str, sequence: int, now: int) -> None:
    """Note that records have arrived; whoever lost the row in between leaves it alone."""
    cursor = find(connection, name)
    if cursor is not None and cursor.holder == holder:
        _set(connection, name, Cursor(sequence, holder, now + HOLD_SECONDS))


def _set(connection: Connection, name: str, cursor: Cursor) -> None:
    changed = update(AuditExport).where(AuditExport.name == name)
    connection.execute(changed.values(**cursor._asdict()))
