# SPDX-License-Identifier: Apache-2.0
"""A part of a transaction that can be undone by itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """Undo what the block did where it raises, and nothing else of the transaction.

    Each call takes two of them. SQLAlchemy's own cost more than what stands in them, so SQLite,
    whose savepoints nest and never fail while their transaction stands, is told directly.
    """
    raw = connection.connection.driver_connection
    if not isinstance(raw, sqlite3.Connection):
        with connection.begin_nested():
            yield
        return
    raw.execute("SAVEPOINT call")
    try:
        yield
    except BaseException:
        _end(raw, "ROLLBACK TO call")
        raise
    finally:
        _end(raw, "RELEASE call")


def _end(raw: sqlite3.Connection, statement: str) -> None:
    try:
        raw.execute(statement)
    except sqlite3.Error as error:  # the transaction is gone: the disk is full, or worse
        raise OperationalError(statement, None, error) from error
