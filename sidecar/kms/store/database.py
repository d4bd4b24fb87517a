# SPDX-License-Identifier: Apache-2.0
"""The database behind the KMS core: one engine, one transaction a request, a schema by migrations.

SQLite is opened with write-ahead logging and `synchronous=FULL`: a commit that returned is on the
disk, which is what "acknowledged" means (law 7). PostgreSQL is so by itself, and is made so where
its owner has set it otherwise. What is deleted is overwritten (`secure_delete`): the token could
still unseal what a deleted key was.

Writers come one after the other, over all replicas: a transaction begins by taking the one lock of
its database (SQLite: BEGIN IMMEDIATE; PostgreSQL: an advisory lock), so that what it reads is true
until it commits. Quotas, names and the audit chain need no locks of their own, and nothing
deadlocks. A replica that stands still with the lock in its hand loses it, and its transaction.

Used from the HSM thread alone, therefore without locks of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import alembic.command
import alembic.config
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from sidecar.errors import Misconfigured

BUSY_SECONDS = 5
"""How long a transaction waits for those of other processes."""
STALLED_SECONDS = 15
"""After this PostgreSQL undoes a transaction that says nothing: longer than a call to the HSM."""
SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
MIGRATIONS = Path(__file__).with_name("migrations")
# The two ways to ask for a snapshot: SQLite's readers have one as soon as they do not lock.
_SQLITE_SNAPSHOT = {"begin": "DEFERRED"}
_SNAPSHOT = {"begin": "DEFERRED", "isolation_level": "REPEATABLE READ"}
_POSTGRESQL_LOCK = f"SELECT pg_advisory_xact_lock({int.from_bytes(b'envelope')})"
_POSTGRESQL_ON_DISK = (
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') = 'off'"
)
_NARROW = text(
    "SELECT table_name, column_name FROM information_schema.columns "
    "WHERE table_schema = current_schema() AND data_type = 'integer'"
)


class Database:
    """The store of keys, aliases, used nonces and audit records."""

    def __init__(self, url: URL, patience: int = BUSY_SECONDS) -> None:
        """Wait `patience` seconds for the transactions of other processes."""
        self._engine = _open(url, patience)
        self._reader = self._engine.execution_options(
            **(_SQLITE_SNAPSHOT if self._engine.dialect.name == "sqlite" else _SNAPSHOT)
        )

    @classmethod
    def sqlite(cls, path: Path) -> "Database":
        """The SQLite database in the file at `path`, made when absent."""
        return cls(URL.create("sqlite", database=str(path)))

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: committed and durable when the block ends, undone when it raises."""
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """One state of the database, to read at length without holding up those who write.

        Raise Misconfigured where it cannot be read.
        """
        try:
            with self._reader.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise Misconfigured(
                f"the database cannot be read: {type(error).__name__}; "
                + self._question(error, "is it whole, and made by this version?")
            ) from error

    def is_empty(self) -> bool:
        """Whether nothing was ever stored here: a database that `migrate` has not seen."""
        with self.snapshot() as connection:
            return not inspect(connection).get_table_names()

    def migrate(self) -> None:
        """Bring the schema to this version's; raises Misconfigured where that is impossible."""
        config = alembic.config.Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        try:
            with self._engine.begin() as connection:
                config.attributes["connection"] = connection
                alembic.command.upgrade(config, "head")
                if connection.dialect.name == "postgresql":
                    _widen_integers(connection)
        except (SQLAlchemyError, alembic.util.CommandError) as error:
            raise Misconfigured(
                f"the database cannot be brought to this version: {type(error).__name__}; "
                + self._question(
                    error, "is the file readable and writable, and not written by a newer version?"
                )
            ) from error

    def close(self) -> None:
        self._engine.dispose()

    def _question(self, error: Exception, otherwise: str) -> str:
        """What to look at first; what a server says itself may have more in it than names."""
        if isinstance(error, OperationalError) and self._engine.dialect.name == "postgresql":
            return "does the server run at this address, and let this user in?"
        return otherwise


def _open(url: URL, patience: int) -> Engine:
    is_sqlite = url.get_backend_name() == "sqlite"
    engine = _sqlite(url, patience) if is_sqlite else _postgresql(url, patience)
    event.listen(engine, "begin", _begin_sqlite if is_sqlite else _begin_postgresql)
    return engine


def _sqlite(url: URL, patience: int) -> Engine:
    # isolation_level None: the driver starts no transactions by itself; _begin_sqlite does.
    engine = create_engine(
        url,
        connect_args={"timeout": patience, "isolation_level": None},
        hide_parameters=True,
    )
    event.listen(engine, "connect", _configure_sqlite)
    return engine


def _postgresql(url: URL, patience: int) -> Engine:
    options = {
        "lock_timeout": patience,
        "idle_in_transaction_session_timeout": max(STALLED_SECONDS, patience),
    }
    engine = create_engine(
        url,
        # One whose snapshot were of before the lock would not see what it waited for.
        isolation_level="READ COMMITTED",
        connect_args={
            "options": " ".join(f"-c {name}={seconds}s" for name, seconds in options.items()),
            "connect_timeout": BUSY_SECONDS,
            "client_encoding": "utf8",  # whatever a careless initdb made of the database's
        },
        pool_pre_ping=True,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _configure_postgresql)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    kind = connection.get_execution_options().get("begin", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {kind}")


def _begin_postgresql(connection: Connection) -> None:
    if "begin" not in connection.get_execution_options():
        connection.exec_driver_sql(_POSTGRESQL_LOCK)


def _widen_integers(connection: Connection) -> None:
    """A time in PostgreSQL's INTEGER ends in 2038; SQLite's has 64 bits as it is."""
    for table, column in connection.execute(_NARROW).all():
        names = map(connection.dialect.identifier_preparer.quote, (table, column))
        connection.exec_driver_sql("ALTER TABLE {} ALTER COLUMN {} TYPE BIGINT".format(*names))


def _configure_postgresql(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(_POSTGRESQL_ON_DISK)
    cursor.close()
    connection.commit()


def _configure_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
