# SPDX-License-Identifier: Apache-2.0
"""What arrives together is done together, and everybody hears of their own alone."""

import asyncio
from collections.abc import Sequence

import pytest

from sidecar.kms.rounds import MAX_ROUND, MAX_WAITING, Rounds, TooManyWaitError


class Workshop:
    """Doubles numbers, a round at a time, when it is let; notes the rounds."""

    def __init__(self) -> None:
        self.rounds: list[list[int]] = []
        self.is_open = asyncio.Event()

    async def do(self, questions: Sequence[int]) -> list[int | Exception]:
        self.rounds.append(list(questions))
        await self.is_open.wait()
        if 1313 in questions:
            raise ConnectionError
        return [2 * n if n >= 0 else ValueError(n) for n in questions]


async def test_who_comes_during_a_round_shares_the_next() -> None:
    workshop = Workshop()
    rounds = Rounds(workshop.do)
    asked = [asyncio.create_task(rounds.ask(0))]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    asked += [asyncio.create_task(rounds.ask(n)) for n in range(1, 100)]
    await asyncio.sleep(0)
    workshop.is_open.set()
    assert await asyncio.gather(*asked) == [2 * n for n in range(100)]
    assert [len(one) for one in workshop.rounds] == [1, MAX_ROUND, 99 - MAX_ROUND]


async def test_an_error_is_told_to_whom_it_concerns() -> None:
    workshop = Workshop()
    workshop.is_open.set()
    rounds = Rounds(workshop.do)
    outcomes = await asyncio.gather(*map(rounds.ask, (1, -1, 2)), return_exceptions=True)
    assert [outcomes[0], type(outcomes[1]), outcomes[2]] == [2, ValueError, 4]
    outcomes = await asyncio.gather(*map(rounds.ask, (1, 1313)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ConnectionError, ConnectionError]
    assert await rounds.ask(3) == 6


async def test_who_goes_away_takes_nothing_from_the_others() -> None:
    workshop = Workshop()
    rounds = Rounds(workshop.do)
    gone, other = (asyncio.create_task(rounds.ask(n)) for n in (1, 2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gone.cancel()
    workshop.is_open.set()
    assert await other == 4
    assert workshop.rounds == [[1, 2]]


async def test_a_crowd_is_turned_away() -> None:
    workshop = Workshop()
    rounds = Rounds(workshop.do)
    asked = [asyncio.create_task(rounds.ask(n)) for n in range(MAX_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyWaitError):
        await rounds.ask(0)
    for task in asked:
        task.cancel()
    workshop.is_open.set()
    await asyncio.gather(*asked, return_exceptions=True)
