# SPDX-License-Identifier: Apache-2.0
"""What a block did is undone where it raises, and nothing else, on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, make_url, text

from sidecar.kms.store import Database, nonces
from sidecar.kms.store.savepoint import savepoint
from tests.fixtures.postgresql import Postgresql


@pytest.fixture(params=["sqlite", "postgresql"])
def either(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql: Postgresql
) -> Iterator[Database]:
    if request.param == "sqlite":
        database = Database.sqlite(tmp_path / "kms.db")
    else:
        url = make_url(postgresql.make_database())
        database = Database(url.set(drivername="postgresql+psycopg"))
    database.migrate()
    yield database
    database.close()


def fail(connection: Connection, nonce: str) -> None:
    with savepoint(connection):
        nonces.use(connection, "LTAI", "undone", 2)
        nonces.use(connection, "LTAI", nonce, 3)
        raise ZeroDivisionError


def test_a_block_that_raises_is_undone_alone(either: Database) -> None:
    with either.transaction() as connection:
        with savepoint(connection):
            nonces.use(connection, "LTAI", "kept", 1)
        for problem in ("again", "kept"):  # the second fails in the database itself
            with pytest.raises((ZeroDivisionError, nonces.NonceUsedError)):
                fail(connection, problem)
        with savepoint(connection):
            nonces.use(connection, "LTAI", "undone", 4)
    with either.snapshot() as connection:
        found = connection.execute(text("SELECT seen_at FROM nonce ORDER BY seen_at"))
        assert found.scalars().all() == [1, 4]
