# SPDX-License-Identifier: Apache-2.0
"""What the store holds, read again from the store itself: the proof that a sweep is done.

Every sealed value is opened as well, at the place where it stands: one that does not is as bad as
one that was never sealed.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sidecar.errors import Refused
from sidecar.migration.purposes import Purpose
from sidecar.migration.records import Records, State, Stored
from sidecar.migration.tally import MOST_NAMED


@dataclass
class Coverage:
    """Counts over all records that were read."""

    records: int = 0
    values: dict[str, Counter[State]] = field(default_factory=dict)
    """By field and state."""
    due: int = 0
    """Records that the sweep should have written and did not."""
    broken: int = 0
    """Records with a value that does not open where it stands."""
    named: list[str] = field(default_factory=list)
    """Some of the records that are due or broken."""

    @property
    def holds(self) -> bool:
        """Whether nothing is left to do."""
        return self.records > 0 and not self.due and not self.broken

    def count(self, values: Sequence[Stored]) -> None:
        """Count the values of a record."""
        for value in values:
            self.values.setdefault(value.field, Counter())[value.state] += 1

    def table(self) -> dict[str, dict[str, int]]:
        """How many values of each field are in which state."""
        return {
            name: {state.value: found[state] for state in State if found[state] or state in _TOLD}
            for name, found in sorted(self.values.items())
        }


_TOLD = frozenset({State.SEALED, State.NULL, State.UNSEALED})


class Auditor:
    """Looks at records, one after the other; `coverage` has what it saw.

    `name_of` says what a record is called, or nothing.
    """

    def __init__(
        self,
        records: Records,
        purpose: Purpose,
        tenant_of: Callable[[bytes], str],
        name_of: Callable[[bytes], str] | None = None,
    ) -> None:
        self.coverage = Coverage()
        self._records = records
        self._purpose = purpose
        self._tenant_of = tenant_of
        self._name_of = name_of or (lambda _: f"record {self.coverage.records}")

    async def look(self, record: bytes) -> None:
        """Count one record; KeyUnavailable."""
        coverage = self.coverage
        coverage.records += 1
        try:
            values = self._records.look(record)
            coverage.count(values)
            tenant = self._tenant_of(record)
            is_due = await self._purpose.is_due(values, tenant)
            if any(value.state is State.SEALED for value in values):
                await self._records.open(record, tenant)
        except Refused:
            coverage.broken += 1
            is_wrong = True
        else:
            coverage.due += is_due
            is_wrong = is_due
        if is_wrong and len(coverage.named) < MOST_NAMED and (name := self._name_of(record)):
            coverage.named.append(name)
