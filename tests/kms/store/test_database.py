# SPDX-License-Identifier: Apache-2.0
"""What was committed is on the disk, what was not is not, and readers hold nobody up."""

import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import IntegrityError

from sidecar.errors import Misconfigured
from sidecar.kms.store import Cmk, Database, Material, Shelf, nonces


def test_a_commit_waits_for_the_disk(database: Database) -> None:
    with database.transaction() as connection:
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_a_block_that_raises_is_undone(database: Database) -> None:
    def break_off() -> None:
        with database.transaction() as connection:
            nonces.use(connection, "LTAI", "n", 0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    with database.transaction() as connection:
        nonces.use(connection, "LTAI", "n", 0)


def test_a_reader_holds_no_writer_up_and_sees_one_moment(database: Database) -> None:
    count = text("SELECT count(*) FROM nonce")
    with database.snapshot() as reading:
        assert reading.execute(count).scalar() == 0
        with database.transaction() as writing:
            nonces.use(writing, "LTAI", "n", 0)
        assert reading.execute(count).scalar() == 0
    with database.snapshot() as reading:
        assert reading.execute(count).scalar() == 1


def test_an_error_does_not_tell_the_values_of_its_statement(database: Database) -> None:
    insert = text("INSERT INTO alias VALUES (:value, 'r', 'n', 'no key', 0)")
    with pytest.raises(IntegrityError) as caught, database.transaction() as connection:
        connection.execute(insert, {"value": "canary"})
    assert "canary" not in str(caught.value)


def test_a_database_of_a_newer_version_is_left_alone(file: Path, database: Database) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(Misconfigured, match="not written by a newer version"):
        database.migrate()


def test_a_server_that_does_not_answer_is_asked_after() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    away = Database(make_url(f"postgresql+psycopg://kms:secret@127.0.0.1:{port}/kms"))
    for work in (away.is_empty, away.migrate):
        with pytest.raises(Misconfigured, match="does the server run at this address") as caught:
            work()
        assert "secret" not in str(caught.value)


def test_what_is_deleted_is_overwritten(file: Path, database: Database) -> None:
    """Material of level SOFTWARE is sealed under a key that the token keeps: it has to go."""
    canary = b"a canary that was sealed" * 40
    with database.transaction() as connection:
        shelf = Shelf(connection, "1", "r")
        shelf.add_key(_cmk("k"), Material(is_in_token=False, sealed=canary))
    assert canary in _everything(file)
    with database.transaction() as connection:
        Shelf(connection, "1", "r").materials.forget("k-1")
    with database.snapshot() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert canary[:48] not in _everything(file)


def _cmk(key_id: str) -> Cmk:
    facts = ("", "Aliyun_SM4", "ENCRYPT/DECRYPT", "Aliyun_KMS", "SOFTWARE", "Enabled")
    return Cmk(key_id, "1", "r", "1", *facts, f"{key_id}-1", 0)


def _everything(file: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(file.parent.glob(f"{file.name}*")))
