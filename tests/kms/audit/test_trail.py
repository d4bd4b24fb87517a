# SPDX-License-Identifier: Apache-2.0
"""No answer without a record, no refusal without one either."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from sidecar.kms.audit import Event, carry_out, tail, verify
from sidecar.kms.faults import Fault
from sidecar.kms.store import Database, Label, Shelf, nonces


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kms.db"


@pytest.fixture
def database(file: Path) -> Iterator[Database]:
    database = Database.sqlite(file)
    database.migrate()
    yield database
    database.close()


def event() -> Event:
    return Event("r1", "CreateAlias", 0, "cn-hangzhou", "kms", "192.0.2.1", "test")


def admit(connection: Connection) -> None:
    nonces.use(connection, "LTAI", "n1", 0)


def records(database: Database) -> list[dict[str, object]]:
    with database.transaction() as connection:
        verify(connection)
        return [json.loads(link.record) for link in tail(connection, 10)]


def shelf(connection: Connection) -> Shelf:
    return Shelf(connection, "1", "cn-hangzhou")


def act_visibly(connection: Connection) -> None:
    """Something that can be seen to be done or undone: the use of a second nonce."""
    nonces.use(connection, "LTAI", "acted", 0)


def was_used(database: Database, nonce: str) -> bool:
    try:
        with database.transaction() as connection:
            nonces.use(connection, "LTAI", nonce, 0)
            connection.rollback()
    except nonces.NonceUsedError:
        return True
    return False


def test_the_answer_comes_with_its_record(database: Database) -> None:
    def act(connection: Connection) -> str:
        act_visibly(connection)
        return "answer"

    assert carry_out(database, event(), admit, act) == "answer"
    (record,) = records(database)
    assert record["eventName"] == "CreateAlias"
    assert "errorCode" not in record
    assert was_used(database, "n1")
    assert was_used(database, "acted")


def test_a_refused_call_is_undone_and_recorded_and_its_nonce_is_spent(database: Database) -> None:
    def act(connection: Connection) -> None:
        act_visibly(connection)
        raise Fault.limit_exceeded()

    with pytest.raises(Fault, match="resource limit"):
        carry_out(database, event(), admit, act)
    assert [record["errorCode"] for record in records(database)] == ["Rejected.LimitExceeded"]
    assert was_used(database, "n1")
    assert not was_used(database, "acted")


def test_a_caller_who_is_not_admitted_is_recorded_and_nothing_is_done(database: Database) -> None:
    def refuse(_: Connection) -> None:
        raise Fault(400, "SignatureDoesNotMatch", "Specified signature: is not matched.")

    with pytest.raises(Fault):
        carry_out(database, event(), refuse, act_visibly)
    assert [record["errorCode"] for record in records(database)] == ["SignatureDoesNotMatch"]
    assert not was_used(database, "acted")


def test_an_error_of_our_own_is_recorded_without_its_text(database: Database) -> None:
    def act(_: Connection) -> None:
        raise ZeroDivisionError("canary")

    with pytest.raises(ZeroDivisionError):
        carry_out(database, event(), admit, act)
    (record,) = records(database)
    assert record["errorCode"] == "InternalFailure"
    assert "canary" not in json.dumps(record)


def test_a_failed_statement_inside_the_call_does_not_lose_the_record(database: Database) -> None:
    def act(connection: Connection) -> None:
        shelf(connection).add_alias(Label("alias/a", "no such key"), 0)  # a foreign key

    with pytest.raises(DBAPIError):
        carry_out(database, event(), admit, act)
    assert [record["errorCode"] for record in records(database)] == ["InternalFailure"]


def test_a_call_whose_record_cannot_be_written_is_neither_answered_nor_done(
    file: Path, database: Database
) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON audit_record "
            "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    with pytest.raises(DBAPIError):
        carry_out(database, event(), admit, act_visibly)
    assert records(database) == []
    assert not was_used(database, "acted")
