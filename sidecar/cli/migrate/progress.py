# SPDX-License-Identifier: Apache-2.0
"""How far long work has come, on standard error: a line that changes, or one now and then."""

import sys
import time
from typing import Self

TERMINAL_SECONDS = 0.2
LOG_SECONDS = 10.0


class Progress:
    """Tells of `done` in `unit`; with `total` also how much that is of all."""

    def __init__(self, name: str, unit: str, total: int = 0, done: int = 0) -> None:
        self._name = name
        self._unit = unit
        self._total = total
        self._began_with = done
        self._began = time.monotonic()
        self._is_terminal = sys.stderr.isatty()
        self._interval = TERMINAL_SECONDS if self._is_terminal else LOG_SECONDS
        self._due = self._began + self._interval
        self._done = done

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_terminal and self._done != self._began_with:
            self._print(time.monotonic(), end="\n")

    def tell(self, done: int) -> None:
        """`done` in all."""
        self._done = done
        now = time.monotonic()
        if now >= self._due:
            self._due = now + self._interval
            self._print(now, end="" if self._is_terminal else "\n")

    def _print(self, now: float, end: str) -> None:
        rate = (self._done - self._began_with) / max(now - self._began, 0.001)
        of = f" ({min(self._done / self._total, 1):.0%})" if self._total else ""
        start = "\r\x1b[K" if self._is_terminal else ""
        line = f"{self._name}: {self._done:,} {self._unit}{of}, {rate:,.0f}/s"
        sys.stderr.write(f"{start}sidecar: {line}{end}")
        sys.stderr.flush()
