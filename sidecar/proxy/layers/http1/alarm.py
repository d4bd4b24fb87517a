# SPDX-License-Identifier: Apache-2.0
"""One deadline of one connection, which moves with every message, for the price of few timers."""

import math
import time

from mitmproxy.proxy import commands, events

_LEAST_SECONDS = 0.001


class Alarm:
    """Asks for a Wakeup when none is due before the deadline, and anew when one was too early."""

    def __init__(self, out: list[commands.Command]) -> None:
        self._out = out
        self._deadline: float | None = None
        self._wakeup: commands.RequestWakeup | None = None
        self._due = math.inf  # of the wakeup, if any

    def set(self, seconds: float) -> None:
        """From now on the deadline is in `seconds`."""
        self._deadline = deadline = time.monotonic() + seconds
        if self._due > deadline:
            self._ask(deadline, seconds)

    def clear(self) -> None:
        """From now on there is no deadline."""
        self._deadline = None

    def rings(self, event: events.Wakeup) -> bool:
        """Whether `event` says that the deadline has passed; if so, there is none any more."""
        if event.command is not self._wakeup:
            return False  # an earlier deadline has replaced it
        self._wakeup = None
        self._due = math.inf
        if self._deadline is None:
            return False
        left = self._deadline - time.monotonic()
        if left > 0:
            self._ask(self._deadline, left)
            return False
        self._deadline = None
        return True

    def _ask(self, due: float, seconds: float) -> None:
        self._due = due
        self._wakeup = commands.RequestWakeup(max(seconds, _LEAST_SECONDS))
        self._out.append(self._wakeup)
