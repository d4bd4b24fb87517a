# SPDX-License-Identifier: Apache-2.0
"""A line in which whoever waits has a turn, however much others wait for."""

import threading
from collections import deque


class Turns[T]:
    """What is waited for, by any threads: one thing of each who waits, then one of each again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lines: dict[str, deque[T]] = {}
        """None of them empty; whose turn is next stands first."""

    def add(self, who: str, what: T) -> None:
        with self._lock:
            self._lines.setdefault(who, deque()).append(what)

    def take(self) -> T:
        """The next; raise StopIteration where nothing is waited for."""
        with self._lock:
            who = next(iter(self._lines))
            line = self._lines.pop(who)
            what = line.popleft()
            if line:
                self._lines[who] = line
            return what
