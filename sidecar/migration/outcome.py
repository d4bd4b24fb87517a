# SPDX-License-Identifier: Apache-2.0
"""What became of one record, and what a store's answer says of it."""

from enum import Enum, StrEnum
from typing import Final, NamedTuple

from sidecar.errors import Misconfigured
from sidecar.fieldpath import FieldPath
from sidecar.migration.members import values_at
from sidecar.migration.records import NotPossible
from sidecar.migration.store import Answer, StoreUnavailable

FIRST_NO_SUCCESS = 300
GONE = frozenset({404, 410})
STALE = frozenset({409, 412})
_DENIED = frozenset({401, 403})


class Outcome(StrEnum):
    """What became of one record."""

    WRITTEN = "written"
    LEFT = "left"
    """Nothing was due."""
    CHANGED = "changed"
    """Others write it all the time, or it is left to the next sweep because one of them did."""
    GONE = "gone"
    FAILED = "failed"


class Result(NamedTuple):
    """An outcome; `why` where it failed, in names and statuses.

    `is_unguarded` where an update in the moment before the write would have been lost.
    """

    outcome: Outcome
    why: str = ""
    is_unguarded: bool = False


class Again(Enum):
    """Somebody was faster: what stands there now has to be looked at."""

    AGAIN = "again"


AGAIN: Final = Again.AGAIN


def judge(answer: Answer, changed: FieldPath | None) -> Result | Again:
    """What the store's answer to a write says; `changed` is where it counts.

    Raises:
        StoreUnavailable: Nothing, for the store is busy.
        NotPossible: It refuses the record.
        Misconfigured: It refuses everybody.
    """
    if answer.status in STALE:
        return AGAIN
    if answer.status in GONE:
        return Result(Outcome.GONE)
    check_busy(answer)
    check(answer)
    if changed is None:
        return Result(Outcome.WRITTEN)
    counts = values_at(answer.body, changed)
    if not counts or not all(count.isdigit() for count in counts):
        path = str(changed)
        raise NotPossible("uncounted", f"the store does not say at {path!r} what it changed")
    return Result(Outcome.WRITTEN) if any(int(count) for count in counts) else AGAIN


def check_busy(answer: Answer) -> None:
    """StoreUnavailable where an answer says that nothing was done now and may be later."""
    if answer.is_busy:
        raise StoreUnavailable(f"the store says {answer.status}")


def check(answer: Answer) -> None:
    """NotPossible or Misconfigured where an answer is no success."""
    if answer.status in _DENIED:
        raise Misconfigured(
            f"the store denies access ({answer.status}); are the description's `headers` right?"
        )
    if answer.status >= FIRST_NO_SUCCESS:
        raise NotPossible(f"store_{answer.status}", "the store refuses this record")
