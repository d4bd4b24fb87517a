# SPDX-License-Identifier: Apache-2.0
"""A flood of strangers is seen with its size and sources, and fills no disk."""

import json
from collections import Counter

import pytest

from sidecar.kms.audit import Trail, tail
from sidecar.kms.audit.refusals import (
    MAX_SOURCES,
    OTHERS,
    RECORDS_OF_A_SOURCE,
    RECORDS_OF_ALL,
    SECONDS,
    Refusals,
)
from sidecar.kms.faults import Fault
from sidecar.kms.store import Database
from tests.kms.audit.signing import NOW, event
from tests.kms.audit.test_trail import Call


def refuse(_: object) -> None:
    raise Fault(400, "SignatureDoesNotMatch", "Specified signature: is not matched.")


def counted(refusals: Refusals, now: int = NOW) -> dict[str, int]:
    return {
        str(told["sourceIpAddress"]): told["additionalEventData"]["count"]  # type: ignore[index]
        for told in refusals.take(now)
    }


def test_the_first_refusals_of_a_source_are_recorded_and_the_rest_counted() -> None:
    refusals = Refusals()
    refusals.take(NOW)
    got = [refusals.gets_a_record("192.0.2.1") for _ in range(RECORDS_OF_A_SOURCE + 5)]
    assert got == [True] * RECORDS_OF_A_SOURCE + [False] * 5
    assert refusals.gets_a_record("192.0.2.2")
    assert counted(refusals) == {"192.0.2.1": 5}
    assert refusals.gets_a_record("192.0.2.1")


@pytest.mark.parametrize(
    "source", ["2001:db8::%x", "2001:db8:0:0:%x::1"], ids=["an address", "a longer one"]
)
def test_addresses_of_one_network_are_one_source(source: str) -> None:
    refusals = Refusals()
    for n in range(RECORDS_OF_A_SOURCE):
        refusals.gets_a_record(source % n)
    assert not refusals.gets_a_record(source % 0xFFFF)
    assert counted(refusals) == {"2001:db8::/64": 1}


def test_all_sources_together_have_a_bound_and_so_has_what_is_remembered() -> None:
    refusals = Refusals()
    sources = [f"10.0.{n // 256}.{n % 256}" for n in range(RECORDS_OF_ALL + MAX_SOURCES + 7)]
    got = Counter(map(refusals.gets_a_record, sources))
    assert got[True] == RECORDS_OF_ALL
    told = counted(refusals)
    assert len(told) == MAX_SOURCES + 1
    assert told[OTHERS] == 7
    assert sum(told.values()) == MAX_SOURCES + 7


@pytest.mark.parametrize("source", ["", "unix:", "not an address"])
def test_a_source_without_an_address_is_a_source(source: str) -> None:
    assert Refusals().gets_a_record(source)


def test_what_a_stranger_may_do_is_recorded_however_often(database: Database) -> None:
    """There are calls that need no signature; what they did is never a mere number."""
    trail = Trail(database)
    count = RECORDS_OF_A_SOURCE + 9
    calls = [Call(lambda _: None, lambda _: None, event("AssumeRole")) for _ in range(count)]
    trail.carry_out(calls)
    assert trail.unsigned == count


def test_a_flood_leaves_its_first_records_and_one_with_its_number(database: Database) -> None:
    trail = Trail(database)
    flood = [
        Call(refuse, refuse, event("Decrypt", NOW, f"r{n}")) for n in range(RECORDS_OF_A_SOURCE + 9)
    ]
    assert all(isinstance(outcome, Fault) for outcome in trail.carry_out(flood))
    assert not trail.has_counted(NOW + 1)
    assert trail.has_counted(NOW + SECONDS)
    trail.carry_out([Call(refuse, refuse, event("Decrypt", NOW + SECONDS, "later"))])
    with database.snapshot() as connection:
        records = [json.loads(link.record) for link in tail(connection, 200)]
    assert len(records) == RECORDS_OF_A_SOURCE + 2
    told = records[-2]
    assert (told["eventName"], told["sourceIpAddress"]) == ("RefusedCalls", "192.0.2.1")
    assert told["additionalEventData"] == {
        "count": 9,
        "from": "2027-01-15T08:00:00Z",
        "to": "2027-01-15T08:01:00Z",
    }
    assert records[-1]["eventId"] == "later"
    assert not trail.has_counted(NOW + 2 * SECONDS)
