# SPDX-License-Identifier: Apache-2.0
"""Work in rounds: what arrives while a round is under way is done together in the next one.

Under load a round is many calls, which then share one commit; alone, a call is a round of its own
and waits for nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

MAX_ROUND = 64
MAX_WAITING = 4096


class TooManyWaitError(Exception):
    """More wait already than could be answered in time."""


class Rounds[Q, A]:
    """Does each question in a round; `do` answers a round, in order, with answers or errors."""

    def __init__(self, do: Callable[[Sequence[Q]], Awaitable[Sequence[A | Exception]]]) -> None:
        self._do = do
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._running: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        """The answer; raise what it is answered with, or what its round failed with."""
        if len(self._waiting) >= MAX_WAITING:
            raise TooManyWaitError
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:MAX_ROUND], self._waiting[MAX_ROUND:]
            outcomes: Sequence[A | Exception]
            try:
                outcomes = await self._do([question for question, _ in taken])
            except Exception as error:  # noqa: BLE001 - it is the outcome of each
                outcomes = [error] * len(taken)
            for (_, future), outcome in zip(taken, outcomes, strict=True):
                if future.done():
                    continue  # whoever asked has gone
                if isinstance(outcome, Exception):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)
        self._running = None
