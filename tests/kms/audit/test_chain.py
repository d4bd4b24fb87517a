# SPDX-License-Identifier: Apache-2.0
"""The chain: whatever somebody does to the SQLite file is found, and where it was done."""

import hashlib
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.dialects import postgresql

from sidecar.kms.audit import ChainBroken, Head, append, tail, verify
from sidecar.kms.audit.chain import GENESIS, LOCKED_HEAD
from sidecar.kms.store import Database

RECORDS = [f'{{"eventName":"Decrypt","number":{n}}}' for n in range(1, 7)]


@pytest.fixture
def database(database: Database) -> Database:
    """A database whose trail holds RECORDS."""
    for record in RECORDS:
        with database.transaction() as connection:
            append(connection, record)
    return database


@pytest.fixture
def tamper(file: Path, database: Database) -> Callable[..., None]:
    """Run statements on the file, as somebody with a shell on the machine would."""

    def run(*statements: str) -> None:
        with closing(sqlite3.connect(file)) as connection:
            for statement in statements:
                assert connection.execute(statement).rowcount != 0
            connection.commit()

    return run


def verified(database: Database, anchor: Head | None = None) -> Head:
    with database.snapshot() as connection:
        return verify(connection, anchor).head


def test_an_untouched_chain_verifies_by_its_documented_hashes(database: Database) -> None:
    digest = hashlib.sha256(b"envelope-sidecar/kms/audit/1").digest()
    for record in RECORDS:
        framed = len(record).to_bytes(8, "big") + record.encode()
        digest = hashlib.sha256(digest + framed).digest()
    assert verified(database) == Head(len(RECORDS), digest)


def test_a_new_database_has_an_empty_chain(tmp_path: Path) -> None:
    database = Database.sqlite(tmp_path / "new.db")
    database.migrate()
    assert verified(database) == Head(0, GENESIS)
    database.close()


def test_the_tail_is_the_newest_records_in_their_order(database: Database) -> None:
    with database.snapshot() as connection:
        links = tail(connection, 2)
    assert [(link.sequence, link.record) for link in links] == [(5, RECORDS[4]), (6, RECORDS[5])]


ALTERED = "UPDATE audit_record SET record = replace(record, 'Decrypt', 'Encrypt') "
SWAPPED = (
    "UPDATE audit_record SET sequence = 99 WHERE sequence = 3",
    "UPDATE audit_record SET sequence = 3 WHERE sequence = 4",
    "UPDATE audit_record SET sequence = 4 WHERE sequence = 99",
)


@pytest.mark.parametrize(
    ("statements", "place"),
    [
        ((ALTERED + "WHERE sequence = 1",), 1),
        ((ALTERED + "WHERE sequence = 3",), 3),
        ((ALTERED + "WHERE sequence = 6",), 6),
        (("UPDATE audit_record SET record = record || ' ' WHERE sequence = 2",), 2),
        (("UPDATE audit_record SET digest = zeroblob(32) WHERE sequence = 2",), 2),
        (("UPDATE audit_record SET record = CAST(record AS BLOB) WHERE sequence = 4",), 4),
        (("DELETE FROM audit_record WHERE sequence = 3",), 3),
        (
            (
                "DELETE FROM audit_record WHERE sequence = 5",
                "UPDATE audit_record SET sequence = 5 WHERE sequence = 6",
                "UPDATE audit_head SET sequence = 5",
            ),
            5,
        ),
        (("INSERT INTO audit_record VALUES (0, '{}', zeroblob(32))",), 1),
        (SWAPPED, 3),
        (("DELETE FROM audit_record WHERE sequence = 6",), 6),
        (("DELETE FROM audit_record",), 1),
        (("UPDATE audit_head SET digest = zeroblob(32)",), 7),
    ],
)
def test_tampering_is_found_and_located(
    statements: tuple[str, ...], place: int, database: Database, tamper: Callable[..., None]
) -> None:
    tamper(*statements)
    with pytest.raises(ChainBroken) as caught:
        verified(database)
    assert caught.value.sequence == place


def test_a_record_that_cannot_be_read_is_a_broken_chain(
    database: Database, tamper: Callable[..., None]
) -> None:
    tamper("UPDATE audit_record SET record = CAST(x'ff' AS TEXT) WHERE sequence = 2")
    with pytest.raises(ChainBroken):
        verified(database)


CUT_OFF = (
    "DELETE FROM audit_record WHERE sequence > 4",
    (
        "UPDATE audit_head SET sequence = 4, digest = "
        "(SELECT digest FROM audit_record WHERE sequence = 4)"
    ),
)


def test_an_end_that_was_cut_off_with_its_head_is_found_by_a_noted_head(
    database: Database, tamper: Callable[..., None]
) -> None:
    noted = verified(database)
    tamper(*CUT_OFF)
    assert verified(database).sequence == 4  # the honest limit of a chain without a key
    with pytest.raises(ChainBroken) as caught:
        verified(database, anchor=noted)
    assert caught.value.sequence == 5


def test_a_chain_that_was_computed_anew_is_found_by_a_noted_head(
    database: Database, tamper: Callable[..., None]
) -> None:
    noted = verified(database)
    tamper(*CUT_OFF)
    with database.transaction() as connection:
        for record in ("{}", "{}", "{}"):
            append(connection, record)
    verified(database)
    with pytest.raises(ChainBroken) as caught:
        verified(database, anchor=noted)
    assert caught.value.sequence == 6


def test_a_noted_head_stays_in_a_chain_that_grows(database: Database) -> None:
    noted = verified(database)
    with database.transaction() as connection:
        grown = append(connection, "{}")
    assert verified(database, anchor=noted) == grown


def test_several_writers_write_one_chain(file: Path, database: Database) -> None:
    def write(name: str) -> None:
        replica = Database.sqlite(file)
        for number in range(20):
            with replica.transaction() as connection:
                append(connection, f"{name}{number}")
        replica.close()

    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(write, "ab"):
            pass
    assert verified(database).sequence == len(RECORDS) + 40


def test_a_long_verification_holds_up_nobody_and_sees_one_state(
    file: Path, database: Database
) -> None:
    replica = Database.sqlite(file)
    with database.snapshot() as reader:
        before = verify(reader)
        with replica.transaction() as writer:
            append(writer, "{}")
        assert verify(reader) == before
    assert verified(database).sequence == before.sequence + 1
    replica.close()


def test_writers_wait_for_each_other_where_the_database_has_row_locks() -> None:
    assert "FOR UPDATE" in str(LOCKED_HEAD.compile(dialect=postgresql.dialect()))
