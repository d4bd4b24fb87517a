# SPDX-License-Identifier: Apache-2.0
"""The same promises on PostgreSQL, where several replicas write."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest
from psycopg import sql
from sqlalchemy import inspect, make_url, text

from sidecar.kms.audit import append, verify
from sidecar.kms.store import Database, nonces
from tests.fixtures.postgresql import Postgresql


@pytest.fixture
def databases(postgresql: Postgresql) -> Iterator[tuple[Database, Database]]:
    """One database, as two replicas have it open."""
    url = make_url(postgresql.make_database()).set(drivername="postgresql+psycopg")
    pair = Database(url), Database(url)
    yield pair
    for database in pair:
        database.close()


def test_replicas_that_start_together_migrate_once(databases: tuple[Database, Database]) -> None:
    threads = [threading.Thread(target=database.migrate) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with databases[0].snapshot() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1
        assert verify(connection).sequence == 0


def test_no_time_ends_in_2038(databases: tuple[Database, Database]) -> None:
    databases[0].migrate()
    with databases[0].snapshot() as connection:
        inspector = inspect(connection)
        columns = [c for name in inspector.get_table_names() for c in inspector.get_columns(name)]
    assert columns
    assert not [column["name"] for column in columns if str(column["type"]) == "INTEGER"]


def test_replicas_write_one_chain(databases: tuple[Database, Database]) -> None:
    databases[0].migrate()

    def write(database: Database, count: int) -> None:
        for number in range(count):
            with database.transaction() as connection:
                append(connection, f"record {number}")

    threads = [threading.Thread(target=write, args=(d, 100)) for d in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with databases[1].snapshot() as connection:
        assert verify(connection).sequence == 200


def test_a_nonce_serves_once_over_all_replicas(databases: tuple[Database, Database]) -> None:
    one, other = databases
    one.migrate()
    with one.transaction() as connection:
        nonces.use(connection, "LTAI", "n", 0)
    with pytest.raises(nonces.NonceUsedError), other.transaction() as connection:
        nonces.use(connection, "LTAI", "n", 0)


def test_a_reader_holds_no_writer_up_and_sees_one_moment(
    databases: tuple[Database, Database],
) -> None:
    one, other = databases
    one.migrate()
    count = text("SELECT count(*) FROM nonce")
    with one.snapshot() as reading:
        assert reading.execute(count).scalar() == 0
        with other.transaction() as writing:
            nonces.use(writing, "LTAI", "n", 0)
        assert reading.execute(count).scalar() == 0
    with one.snapshot() as reading:
        assert reading.execute(count).scalar() == 1


WAITING = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


@contextmanager
def settled(postgresql: Postgresql, **settings: str) -> Iterator[Database]:
    """A database whose owner has set something for every session."""
    url = make_url(postgresql.make_database()).set(drivername="postgresql+psycopg")
    for name, value in settings.items():
        told = (sql.Identifier(url.database or ""), sql.Identifier(name), sql.Literal(value))
        postgresql.execute(sql.SQL("ALTER DATABASE {} SET {} = {}").format(*told))
    with closing(Database(url)) as database:
        database.migrate()
        yield database


@pytest.mark.parametrize("isolation", ["repeatable read", "serializable"])
def test_what_is_read_after_the_lock_is_what_was_written_before_it(
    postgresql: Postgresql, isolation: str
) -> None:
    """Whatever is usual at the server: a snapshot of before the wait would be an old one."""
    with settled(postgresql, default_transaction_isolation=isolation) as database:

        def count() -> object:
            with database.transaction() as connection:
                return connection.scalar(text("SELECT count(*) FROM nonce"))

        with ThreadPoolExecutor(1) as other:
            with database.transaction() as connection, database.snapshot() as looking:
                waiting = other.submit(count)
                while not looking.scalar(WAITING):
                    pass
                nonces.use(connection, "LTAI", "n", 0)
            assert waiting.result() == 1


@pytest.mark.parametrize(
    ("setting", "kept"), [("off", "on"), ("local", "local"), ("remote_apply", "remote_apply")]
)
def test_what_was_committed_is_on_the_disk_whatever_is_set(
    postgresql: Postgresql, setting: str, kept: str
) -> None:
    with (
        settled(postgresql, synchronous_commit=setting) as database,
        database.transaction() as connection,
    ):
        assert connection.scalar(text("SHOW synchronous_commit")) == kept
