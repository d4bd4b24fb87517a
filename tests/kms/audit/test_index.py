# SPDX-License-Identifier: Apache-2.0
"""Records are found by what they tell, in order, page by page, with a bounded effort."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from sidecar.kms.audit import index
from sidecar.kms.audit.index import Attribute, Position, Query, list_places, search, search_all
from sidecar.kms.audit.record import written
from sidecar.kms.audit.trail import write
from sidecar.kms.store import Database
from tests.kms.audit.signing import NOW

HERE = ("1", "cn-hangzhou")
USERS, ACTIONS, KEYS = ("ada", "bob"), ("Decrypt", "Encrypt", "CreateKey"), ("k1", "k2")


def told(number: int, account: str = "1", region: str = "cn-hangzhou", **other: Any) -> Any:
    """The record of a call, which is one of 12 kinds."""
    action = ACTIONS[number % 3]
    return {
        "eventId": f"id{number}",
        "eventName": action,
        "eventRW": "Write" if action == "CreateKey" else "Read",
        "eventTime": written(NOW + number // 2),
        "serviceName": "Kms",
        "acsRegion": region,
        "userIdentity": {"userName": USERS[number % 2], "accessKeyId": f"LTAI{number % 2}"},
        "referencedResources": {"ACS::KMS::Key": [KEYS[number % 4 // 2]]},
        "recipientAccountId": account,
        **other,
    }


@pytest.fixture
def trail(database: Database) -> Any:
    with database.transaction() as connection:
        write(connection, [told(n) for n in range(1, 41)])
        write(connection, [told(50, account="2"), told(51, region="cn-beijing")])
    return database


def numbers(found: list[tuple[Position, str]]) -> list[int]:
    return [int(json.loads(record)["eventId"][2:]) for _, record in found]


def ask(connection: Connection, query: Query, size: int = 100) -> list[int]:
    """All pages of a search."""
    page = search(connection, query, size)
    found = numbers(page.found)
    while page.reached is not None:
        page = search(connection, query, size, page.reached)
        found += numbers(page.found)
    return found


CONDITIONS: list[tuple[dict[Attribute, str], Callable[[int], bool]]] = [
    ({}, lambda _: True),
    ({Attribute.User: "ada"}, lambda n: n % 2 == 0),
    ({Attribute.EventName: "Encrypt"}, lambda n: n % 3 == 1),
    ({Attribute.EventRW: "Write"}, lambda n: n % 3 == 2),
    ({Attribute.EventRW: "Read"}, lambda n: n % 3 != 2),
    ({Attribute.ResourceName: "k2"}, lambda n: n % 4 // 2 == 1),
    ({Attribute.ResourceType: "ACS::KMS::Key"}, lambda _: True),
    ({Attribute.ServiceName: "Kms"}, lambda _: True),
    ({Attribute.ServiceName: "Ram"}, lambda _: False),
    ({Attribute.EventId: "id7"}, lambda n: n == 7),
    ({Attribute.EventAccessKeyId: "LTAI1", Attribute.EventName: "Decrypt"}, lambda n: n % 6 == 3),
    ({Attribute.User: "bob", Attribute.EventRW: "Read"}, lambda n: n % 2 == 1 and n % 3 != 2),
    ({Attribute.User: "nobody"}, lambda _: False),
]


@pytest.mark.parametrize(("conditions", "meets"), CONDITIONS)
@pytest.mark.parametrize("size", [1, 3, 100])
def test_pages_together_are_what_meets_the_conditions(
    trail: Database, conditions: dict[Attribute, str], meets: Callable[[int], bool], size: int
) -> None:
    expected = [n for n in range(1, 41) if meets(n)]
    with trail.snapshot() as connection:
        query = Query(*HERE, 0, index.FOREVER, conditions, newest_first=False)
        assert ask(connection, query, size) == expected
        assert ask(connection, query._replace(newest_first=True), size) == expected[::-1]
        assert numbers(list(search_all(connection, query))) == expected


@given(start=st.integers(-2, 25), span=st.integers(0, 25), size=st.integers(1, 9))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_times_are_included_on_both_ends(trail: Database, start: int, span: int, size: int) -> None:
    expected = [n for n in range(1, 41) if start <= n // 2 <= start + span]
    with trail.snapshot() as connection:
        query = Query(*HERE, NOW + start, NOW + start + span, {}, newest_first=False)
        assert ask(connection, query, size) == expected


def test_another_account_and_another_region_are_another_world(trail: Database) -> None:
    with trail.snapshot() as connection:
        for place, expected in ((("2", HERE[1]), [50]), (("1", "cn-beijing"), [51])):
            query = Query(*place, 0, index.FOREVER, {})
            assert ask(connection, query) == expected
        assert list(list_places(connection)) == [
            *(("1", "cn-beijing"), ("1", "cn-hangzhou"), ("2", "cn-hangzhou")),
        ]


def test_a_search_reads_a_bounded_number_of_records_and_goes_on_where_it_stopped(
    database: Database,
) -> None:
    with database.transaction() as connection:
        write(connection, [told(n, eventRW="Read") for n in range(1, 2501)])
    query = Query(*HERE, 0, index.FOREVER, {Attribute.EventRW: "Read"}, newest_first=False)
    nothing = query._replace(
        conditions={Attribute.ServiceName: "Kms", Attribute.ResourceType: "ACS::KMS::Key"}
    )
    with database.snapshot() as connection:
        page = search(connection, nothing._replace(start=NOW + 5000), 10)
        assert page == ([], None)
        page = search(connection, query, 2000)
        assert (len(page.found), page.reached is None) == (index.MAX_READ, False)
        assert ask(connection, query, 2000) == list(range(1, 2501))


def test_the_leading_condition_is_read_along_its_own_rows(database: Database) -> None:
    """What is rare is found among many without reading them: the plan is one range of the index."""
    with database.snapshot() as connection:
        for newest_first in (True, False):
            query = Query(*HERE, 1, 2, {}, newest_first)
            asked = index._asked(query, (Attribute.User, "ada"), Position(1, 2), 20)
            text = asked.compile(connection, compile_kwargs={"literal_binds": True})
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
            told = " ".join(str(row[3]) for row in plan)
            assert "SEARCH audit_mark USING PRIMARY KEY" in told
            assert "SCAN" not in told
            assert "TEMP B-TREE" not in told


def test_long_and_strange_values_are_found_by_themselves(database: Database) -> None:
    name = "界" * 300
    odd = told(1, userIdentity={"userName": name}, eventId="'; DROP TABLE audit_mark; --")
    with database.transaction() as connection:
        write(connection, [odd, told(2, userIdentity={"userName": name[:299]})])
        query = Query(*HERE, 0, index.FOREVER, {Attribute.User: name})
        assert len(search(connection, query, 9).found) == 1
        query = query._replace(conditions={Attribute.EventId: odd["eventId"]})
        assert len(search(connection, query, 9).found) == 1


def test_what_is_removed_is_found_no_more(trail: Database) -> None:
    with trail.transaction() as connection:
        query = Query(*HERE, 0, index.FOREVER, {}, newest_first=False)
        page = search(connection, query, 3)
        index.remove(connection, {at.sequence: record for at, record in page.found})
        assert ask(connection, query) == list(range(4, 41))
        for conditions, meets in CONDITIONS:
            left = ask(connection, query._replace(conditions=conditions))
            assert left == [n for n in range(4, 41) if meets(n)]


def test_records_of_before_the_index_are_indexed_by_the_migration(file: Any) -> None:
    """As an older version left them: in the chain alone."""
    database = Database.sqlite(file)
    database.migrate()
    with database.transaction() as connection:
        write(connection, [told(n) for n in range(1, 13)])
        rows = connection.exec_driver_sql("SELECT * FROM audit_mark ORDER BY 1,2,3,4,5,6").all()
        connection.exec_driver_sql("DELETE FROM audit_mark")
        module = __import__(
            "sidecar.kms.store.migrations.versions.0010_audit_index", fromlist=["_index"]
        )
        module._index(connection, index.AuditMark.__table__)
        again = connection.exec_driver_sql("SELECT * FROM audit_mark ORDER BY 1,2,3,4,5,6").all()
    assert rows == again
    database.close()


def test_what_is_rare_is_found_at_once_among_the_records_of_a_user_who_does_much(
    database: Database,
) -> None:
    """Whichever of two conditions is the rare one."""
    rare = told(1, eventName="ScheduleKeyDeletion", userIdentity={"userName": "ada"})
    many = [told(n, userIdentity={"userName": "ada"}) for n in range(2, 2001)]
    others = [told(n, eventName="Sign", userIdentity={}) for n in range(2001, 4001)]
    with database.transaction() as connection:
        write(connection, [rare, *many, told(4001, eventName="Sign"), *others])
    ada = Query(*HERE, 0, index.FOREVER, {Attribute.User: "ada"})
    bob = {Attribute.User: "bob", Attribute.EventName: "Sign"}
    with database.snapshot() as connection:
        schedule = {**ada.conditions, Attribute.EventName: "ScheduleKeyDeletion"}
        for conditions, number in ((schedule, 1), (bob, 4001)):
            page = search(connection, ada._replace(conditions=conditions), 1)
            assert numbers(page.found) == [number]


def test_the_places_are_told_without_reading_what_is_in_them(trail: Database) -> None:
    def count_steps() -> int:
        """Of SQLite's machine, by the ten."""
        steps = 0

        def step() -> None:
            nonlocal steps
            steps += 1

        with trail.snapshot() as connection:
            raw = connection.connection.driver_connection
            raw.set_progress_handler(step, 10)
            assert len(list(list_places(connection))) == 3
            raw.set_progress_handler(None, 10)
        return steps

    before = count_steps()
    with trail.transaction() as connection:
        write(connection, [told(n) for n in range(100, 3000)])
    assert count_steps() < 2 * before  # and not thousands
