# SPDX-License-Identifier: Apache-2.0
"""Single flight: many callers, one question to the KMS.

A flight is a task of its own. A caller that is cancelled leaves its flight to the others, and a
flight that nobody awaits any more still lands in the cache.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any

from sidecar.errors import KeyUnavailable
from sidecar.keys.stats import KeyStats


class Flights:
    """The questions under way, by name."""

    def __init__(self, stats: KeyStats) -> None:
        self._under_way: dict[Hashable, asyncio.Task[Any]] = {}
        self._stats = stats
        self._is_closed = False

    def find(self, name: Hashable) -> asyncio.Task[Any] | None:
        """The flight `name` if it is under way, for one more caller to wait for."""
        task = self._under_way.get(name)
        if task is not None:
            self._stats.flights_shared += 1
        return task

    def launch[T](
        self, name: Hashable, start: Callable[[], Coroutine[Any, Any, T]]
    ) -> asyncio.Task[T]:
        """Start the flight `name`, which is not under way; KeyUnavailable after `aclose`."""
        if self._is_closed:
            raise KeyUnavailable("the keyring is closed")
        task = self._under_way[name] = asyncio.get_running_loop().create_task(start())
        self._stats.flights += 1
        task.add_done_callback(lambda done: self._land(name, done))
        return task

    async def run[T](self, name: Hashable, start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The outcome of the flight `name`, joined or started."""
        task: asyncio.Task[T] = self.find(name) or self.launch(name, start)
        await asyncio.wait([task])  # unlike `await task`, our cancellation does not reach it
        return outcome(task)

    def start(self, name: Hashable, start: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Launch the flight `name` in the background unless it is under way."""
        if name not in self._under_way and not self._is_closed:
            self.launch(name, start)

    @property
    def under_way(self) -> list[asyncio.Task[Any]]:
        """The flights that have not landed."""
        return list(self._under_way.values())

    def _land(self, name: Hashable, task: asyncio.Task[Any]) -> None:
        del self._under_way[name]
        # Reading the exception marks it as seen: a failed background flight has already told its
        # key, and the event loop need not complain a second time.
        if task.cancelled() or task.exception() is not None:
            self._stats.flights_failed += 1

    async def aclose(self) -> None:
        """Cancel what is under way and wait until it has ended; nothing takes off any more."""
        self._is_closed = True
        tasks = self.under_way
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def outcome[T](task: asyncio.Task[T]) -> T:
    """What a finished flight brought; KeyUnavailable when `aclose` ended it."""
    if task.cancelled():
        raise KeyUnavailable("the keyring was closed")
    return task.result()
