# SPDX-License-Identifier: Apache-2.0
"""Room in memory for the bodies that are held, one budget for all processes of a proxy.

Whoever finds no room stands in a line, and its peer is not read meanwhile; others, whose bodies are
small or not held, go on. Bodies in the line are half read, and might wait for each other for ever:
so the first in the line of each process goes on without room, and when it is done the next is the
first. That makes the most that is ever held

    the budget + a piece for each that may stand in a line + one whole body a process
"""

import asyncio

from sidecar.proxy.tally import Tally

PIECE = 64 * 1024
"""About what is read of one body before it can be told to wait."""
_LEAST_LINE = 8
"""May stand in the line whatever the budget; of a larger one as many as hold a quarter of it."""
_LOOK_SECONDS = 0.05
"""Between two looks at what other processes hold, who tell nobody when they hold less."""


class Room:
    """The line of one process; `limit` is the budget of all, in bytes."""

    def __init__(self, limit: int, tally: Tally) -> None:
        self._limit = limit
        self._tally = tally
        self._line: dict[object, asyncio.Future[None] | None] = {}
        self._most = max(_LEAST_LINE, limit // (4 * PIECE))
        self._looking: asyncio.TimerHandle | None = None

    def hold(self, size: int) -> None:
        """So many bytes more are held, or less."""
        self._tally.hold(size)

    def has_place(self, holder: object) -> bool:
        """Whether `holder` may read on; from a no on it stands in the line."""
        if self._tally.held <= self._limit and not self._waits:
            self._line.pop(holder, None)
            return True
        self._line.setdefault(holder, None)
        return next(iter(self._line)) is holder

    @property
    def _waits(self) -> bool:
        """Whether anybody does not read for want of room."""
        return any(turn is not None for turn in self._line.values())

    @property
    def is_crowded(self) -> bool:
        """Whether nobody more can stand in the line."""
        return len(self._line) > self._most

    def wait(self, holder: object) -> asyncio.Future[None]:
        """Done when it is the turn of `holder`."""
        turn = self._line[holder] = asyncio.get_running_loop().create_future()
        self._look_soon()
        return turn

    def leave(self, holder: object) -> None:
        """`holder` needs no more room, whatever came of it."""
        if holder in self._line:
            del self._line[holder]
            self._look()

    def _look_soon(self) -> None:
        if self._looking is None:
            loop = asyncio.get_running_loop()
            self._looking = loop.call_later(_LOOK_SECONDS, self._look_again)

    def _look_again(self) -> None:
        self._looking = None
        self._look()
        if self._waits:
            self._look_soon()

    def _look(self) -> None:
        """Let the first go on, and as many behind it as there is room for a piece each."""
        free = max(1, (self._limit - self._tally.held) // PIECE)
        for holder in list(self._line)[:free]:
            turn = self._line[holder]
            if turn is None:
                continue
            self._line[holder] = None
            if not turn.done():
                turn.set_result(None)
