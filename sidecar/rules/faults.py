# SPDX-License-Identifier: Apache-2.0
"""Everything that is wrong with what people wrote at once, not only the first thing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sidecar.errors import Misconfigured
from sidecar.strict_yaml import Entry


class Faults(Misconfigured):
    """Several errors in one: `why` tells the first and how many more, `str` each on a line."""

    def __init__(self, found: Iterable[Misconfigured]) -> None:
        self.found = tuple(found)
        more = f" (and {len(self.found) - 1} more)" if len(self.found) > 1 else ""
        super().__init__(f"{self.found[0].why}{more}")

    def __str__(self) -> str:
        return "\n".join(each.why for each in self.found)


class Collector:
    """Goes on after an error, keeps it, and raises all of them at the end."""

    def __init__(self) -> None:
        self.found: list[Misconfigured] = []

    def attempt[**P, T](self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What `read` returns, or None where it fails."""
        try:
            return read(*args, **kwargs)
        except Faults as faults:
            self.found.extend(faults.found)
        except Misconfigured as error:
            self.found.append(error)
        return None

    def finish(self) -> None:
        """Raise what was found, if anything."""
        if self.found:
            raise Faults(self.found)


def placed[T](entry: Entry, build: Callable[[], T]) -> T:
    """What `build` returns; an error that names no place gets the place of `entry`."""
    try:
        return build()
    except Misconfigured as error:
        raise entry.error(error.why) from None


def fault(where: str, problem: str) -> Misconfigured:
    """The error to report for `problem`; a rule that was built by hand stands at no place."""
    return Misconfigured(f"{where}: {problem}" if where else problem)
