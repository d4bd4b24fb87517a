# SPDX-License-Identifier: Apache-2.0
"""A real store is sealed while it is used: killed in the middle, nothing lost, all of it proved."""

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bench.migration_rig import CANARY, RULES, Migration, customer, describe, fill, install
from tests.demo.installation import Installation
from tests.stores.arcadedb import AUTH, ArcadeDB

RECORDS = 2000
BUSY = 400
"""Records that applications write while they are sealed."""
UPDATE = "UPDATE Customer SET balance = :balance, version = version + 1 WHERE id = :id"
SELECT = "SELECT FROM Customer WHERE id = :id"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, arcadedb: ArcadeDB) -> Iterator[Installation]:
    installed = Installation(tmp_path_factory.mktemp("migration"))
    try:
        install(installed, arcadedb)
        yield installed
    finally:
        installed.stop()


@pytest.fixture(autouse=True)
def _cleared(place: Installation) -> Iterator[None]:
    """The store is shared: nothing of one test is left to the next, nor of another file's."""
    place.store.sql("DELETE FROM Customer")
    yield
    place.store.sql("DELETE FROM Customer")


def holding(place: Installation, text: str) -> int:
    """In how many records the store itself finds `text`."""
    where = " OR ".join(f"{name} LIKE :it" for name in ("name", "ssn", "email"))
    query = f"SELECT count(*) AS n FROM Customer WHERE {where}"
    found: int = place.store.sql(query, it=f"%{text}%")[0]["n"]
    return found


def test_killed_in_the_middle_it_goes_on_and_proves_all(place: Installation) -> None:
    fill(place.store, RECORDS)
    assert holding(place, CANARY) == RECORDS
    description = describe(place)
    killed_at = Migration(place, description).kill_at(RECORDS // 2)
    assert 0 < holding(place, CANARY) < RECORDS
    second = Migration(place, description)
    report = second.report()
    assert report["exit_code"] == 0
    assert report["resumed_at"] == killed_at
    assert report["outcomes"]["written"] + report["outcomes"].get("left", 0) == RECORDS
    assert report["coverage"]["fields"] == {
        name: {"sealed": RECORDS - nulls, "null": nulls, "unsealed": 0}
        for name, nulls in [
            ("balance", 0), ("email", 0), ("name", 0), ("notes", 0), ("ssn", RECORDS // 10),
        ]
    }  # fmt: skip
    assert holding(place, CANARY) == 0
    assert not second.journal.exists()

    before = place.store.sql("SELECT id, ssn, version FROM Customer ORDER BY id")
    report = Migration(place, description).report()
    assert report["exit_code"] == 0
    assert report["outcomes"] == {"left": RECORDS}
    assert place.store.sql("SELECT id, ssn, version FROM Customer ORDER BY id") == before


class Traffic(threading.Thread):
    """An application that writes balances through the proxy, each record by itself alone."""

    def __init__(self, url: str, first: int, step: int, stop: threading.Event) -> None:
        super().__init__()
        self.numbers = range(first, BUSY, step)
        self.acknowledged: dict[int, float] = {}
        self.writes = 0
        self._url = url
        self._stopped = stop

    def run(self) -> None:
        with httpx.Client(base_url=f"{self._url}/api/v1", auth=AUTH, timeout=30) as client:
            while not self._stopped.is_set():
                for number in self.numbers:
                    if self._stopped.is_set():
                        return
                    self._write(client, number)

    def _write(self, client: httpx.Client, number: int) -> None:
        record, balance = customer(number), 10_000.5 + self.writes
        answer = client.post(
            "command/crm",
            json={
                "language": "sql",
                "command": UPDATE,
                "params": {"id": record["id"], "balance": balance},
            },
            headers={"X-Tenant-Id": record["org"]},
        )
        if answer.is_success and answer.json()["result"][0]["count"] == 1:
            self.acknowledged[number] = balance
            self.writes += 1


def test_no_update_is_lost_while_applications_write(place: Installation) -> None:
    fill(place.store, BUSY)
    place.start_proxy()
    stop = threading.Event()
    applications = [Traffic(place.url, first, 2, stop) for first in range(2)]
    for application in applications:
        application.start()
    try:
        report = Migration(place, describe(place)).report()
    finally:
        stop.set()
        for application in applications:
            application.join()
        place.proxy.stop()
    assert report["exit_code"] == 0
    assert sum(application.writes for application in applications) > 100
    assert holding(place, CANARY) == 0
    place.start_proxy()
    with httpx.Client(base_url=f"{place.url}/api/v1", auth=AUTH, timeout=30) as client:
        for application in applications:
            for number, balance in application.acknowledged.items():
                expected = customer(number)
                found = client.post(
                    "query/crm",
                    json={"language": "sql", "command": SELECT, "params": {"id": expected["id"]}},
                    headers={"X-Tenant-Id": expected["org"]},
                ).json()["result"][0]
                assert found["balance"] == balance
                assert found["name"] == expected["name"]
                assert found["ssn"] == expected["ssn"]
                assert found["notes"] == expected["notes"]


def test_neither_journal_nor_log_holds_a_value(place: Installation) -> None:
    assert RULES.count("sealed") == 3
    for path in Path(place.work).glob("*migrate*"):
        assert CANARY.encode() not in path.read_bytes().upper()
