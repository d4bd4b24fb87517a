# SPDX-License-Identifier: Apache-2.0
"""The database as it was at one moment, from whatever it is kept in to another, row by row."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, MetaData, Table, delete, insert, select

from sidecar.errors import Misconfigured
from sidecar.kms.store import Database

ROWS_AT_ONCE = 1000
_VERSION = "alembic_version"


def save(source: Connection, path: Path) -> None:
    """Write what the snapshot `source` sees to a new SQLite file."""
    path.touch(mode=0o600)
    if source.dialect.name == "sqlite":
        original = source.connection.driver_connection
        assert isinstance(original, sqlite3.Connection)  # noqa: S101 - the dialect says so
        with closing(sqlite3.connect(path)) as target:
            original.backup(target)
        return
    with closing(Database.sqlite(path)) as database:
        fill(source, database)


def fill(source: Connection, target: Database) -> None:
    """Put what `source` sees into the empty database `target`; raise Misconfigured."""
    if not target.is_empty():
        raise Misconfigured("the database is not empty; a backup is restored into an empty one")
    target.migrate()
    found = MetaData()
    found.reflect(source)
    version = found.tables[_VERSION]
    with target.transaction() as connection:
        if source.scalar(select(version.c[0])) != connection.scalar(select(version.c[0])):
            raise Misconfigured(
                "the database is of another version of this program; serve it once with this one"
            )
        wanted = [table for table in found.sorted_tables if table.name != _VERSION]
        for table in reversed(wanted):
            connection.execute(delete(table))  # what migrations plant in a new database
        for table in wanted:
            _copy(table, source, connection)


def _copy(table: Table, source: Connection, target: Connection) -> None:
    rows = source.execute(select(table), execution_options={"yield_per": ROWS_AT_ONCE})
    for part in rows.mappings().partitions():
        target.execute(insert(table), [dict(row) for row in part])
