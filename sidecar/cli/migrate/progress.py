# SPDX-License-Identifier: Apache-2.0
"""How far long work has come, on standard error: a line that changes, or one now and then."""

import sys
import time
from typing import Self

TERMINAL_SECONDS = 0.2
LOG_SECONDS = 10.0


class Progress:
    """Tells of what is done, in `unit`; it begins anew where that becomes less."""

    def __init__(self, name: str, unit: str, done: int = 0) -> None:
        self._name = name
        self._unit = unit
        self._total = 0
        self._began_with = done
        self._began = time.monotonic()
        self._is_terminal = sys.stderr.isatty()
        self._interval = TERMINAL_SECONDS if self._is_terminal else LOG_SECONDS
        self._due = self._began + self._interval
        self._done = done
        self._has_told = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._has_told and self._is_terminal:
            self._print(time.monotonic(), end="\n")

    def tell(self, done: int, total: int = 0) -> None:
        """`done` of `total`, where that is known."""
        now = time.monotonic()
        if done < self._done:
            self._began, self._began_with = now, done
        self._done, self._total = done, total
        if now >= self._due:
            self._due = now + self._interval
            self._print(now, end="" if self._is_terminal else "\n")

    def _print(self, now: float, end: str) -> None:
        self._has_told = True
        rate = (self._done - self._began_with) / max(now - self._began, 0.001)
        of = f" ({self._done / self._total:.0%})" if self._total else ""
        start = "\r\x1b[K" if self._is_terminal else ""
        line = f"{self._name}: {self._done:,} {self._unit}{of}, {rate:,.0f}/s"
        sys.stderr.write(f"{start}sidecar: {line}{end}")
        sys.stderr.flush()
