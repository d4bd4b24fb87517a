# SPDX-License-Identifier: Apache-2.0
import asyncio

import pytest

from sidecar.errors import KeyUnavailable
from sidecar.keys import KeyStats
from sidecar.keys.flights import Flights


async def nothing() -> str:
    return "landed"


async def test_a_name_is_free_again_once_its_flight_has_landed() -> None:
    flights = Flights(KeyStats())
    assert await flights.run("name", nothing) == "landed"
    assert await flights.run("name", nothing) == "landed"
    assert flights.under_way == []


async def test_those_who_join_share_the_outcome_even_when_it_is_an_error() -> None:
    stats = KeyStats()
    flights = Flights(stats)

    async def fail() -> None:
        await asyncio.sleep(0)
        raise KeyUnavailable("away")

    outcomes = await asyncio.gather(
        *(flights.run("name", fail) for _ in range(3)), return_exceptions=True
    )
    assert [str(outcome) for outcome in outcomes] == ["away"] * 3
    assert (stats.flights, stats.flights_shared, stats.flights_failed) == (1, 2, 1)


async def test_nothing_takes_off_after_closing() -> None:
    flights = Flights(KeyStats())
    await flights.aclose()
    with pytest.raises(KeyUnavailable, match="closed"):
        await flights.run("name", nothing)
    flights.start("name", nothing)
    assert flights.under_way == []
