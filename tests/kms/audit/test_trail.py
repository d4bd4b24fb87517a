# SPDX-License-Identifier: Apache-2.0
"""No answer without a record, no refusal without one either."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from sidecar.kms.audit import Event, Trail, tail, verify
from sidecar.kms.faults import Fault
from sidecar.kms.store import Database, Label, Shelf, nonces


def event() -> Event:
    return Event("r1", "CreateAlias", 0, "cn-hangzhou", "kms", "192.0.2.1", "test")


def admit(connection: Connection) -> None:
    nonces.use(connection, "LTAI", "n1", 0)


@dataclass
class Call:
    """One call whose parts are given."""

    act: Callable[[Connection], object]
    admit: Callable[[Connection], None] = admit
    event: Event = field(default_factory=event)


def one(database: Database, call: Call) -> object:
    """What the call answers; raise what it raises."""
    (outcome,) = Trail(database).carry_out([call])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


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

    assert one(database, Call(act)) == "answer"
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
        one(database, Call(act))
    assert [record["errorCode"] for record in records(database)] == ["Rejected.LimitExceeded"]
    assert was_used(database, "n1")
    assert not was_used(database, "acted")


def test_a_caller_who_is_not_admitted_is_recorded_and_nothing_is_done(database: Database) -> None:
    def refuse(_: Connection) -> None:
        raise Fault(400, "SignatureDoesNotMatch", "Specified signature: is not matched.")

    with pytest.raises(Fault):
        one(database, Call(act_visibly, refuse))
    assert [record["errorCode"] for record in records(database)] == ["SignatureDoesNotMatch"]
    assert not was_used(database, "acted")


def test_an_error_of_our_own_is_recorded_without_its_text(database: Database) -> None:
    def act(_: Connection) -> None:
        raise ZeroDivisionError("canary")

    with pytest.raises(ZeroDivisionError):
        one(database, Call(act))
    (record,) = records(database)
    assert record["errorCode"] == "InternalFailure"
    assert "canary" not in json.dumps(record)


def test_a_failed_statement_inside_the_call_does_not_lose_the_record(database: Database) -> None:
    def act(connection: Connection) -> None:
        shelf(connection).add_alias(Label("alias/a", "no such key"), 0)  # a foreign key

    with pytest.raises(DBAPIError):
        one(database, Call(act))
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
        one(database, Call(act_visibly))
    assert records(database) == []
    assert not was_used(database, "acted")


def test_calls_of_one_transaction_are_undone_one_by_one(database: Database) -> None:
    def using(nonce: str) -> Callable[[Connection], None]:
        return lambda connection: nonces.use(connection, "LTAI", nonce, 0)

    def refused(connection: Connection) -> None:
        act_visibly(connection)
        raise Fault.limit_exceeded()

    calls = [
        Call(using("a1"), admit=using("a")),
        Call(refused, admit=using("b")),
        Call(using("c1"), admit=using("a")),  # a replay within the round
        Call(using("d1"), admit=using("d")),
    ]
    outcomes = Trail(database).carry_out(calls)
    assert [type(outcome) for outcome in outcomes] == [
        *(type(None), Fault, nonces.NonceUsedError, type(None)),
    ]
    assert len(records(database)) == 4
    used = [nonce for nonce in ("a1", "b", "acted", "c1", "d1") if was_used(database, nonce)]
    assert used == ["a1", "b", "d1"]
