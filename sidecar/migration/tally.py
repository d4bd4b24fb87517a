# SPDX-License-Identifier: Apache-2.0
"""What a sweep has counted: records by outcome, and why some failed."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sidecar.migration.outcome import Outcome, Result

MOST_NAMED = 10
"""Records that failed and are named; the others are counted."""


@dataclass
class Tally:
    """Since the first page, whatever interrupted the sweep meanwhile."""

    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    unguarded: int = 0
    """Writes before which an update could have been lost."""

    @classmethod
    def of(cls, counts: dict[str, Any]) -> "Tally":
        """The tally that `counts` tells of."""
        return cls(
            Counter(counts.get("outcomes", {})),
            Counter(counts.get("reasons", {})),
            list(counts.get("failed", [])),
            counts.get("unguarded", 0),
        )

    def counts(self) -> dict[str, Any]:
        """Everything, in JSON's types."""
        return {
            "outcomes": self.outcomes,
            "reasons": self.reasons,
            "failed": self.failed,
            "unguarded": self.unguarded,
        }

    @property
    def records(self) -> int:
        """How many were looked at."""
        return self.outcomes.total()

    def add(self, result: Result, name: str = "") -> None:
        """Count one record, called `name` where it failed."""
        self.outcomes[result.outcome] += 1
        self.unguarded += result.is_unguarded
        if result.outcome is Outcome.FAILED:
            self.reasons[result.why] += 1
            if name and len(self.failed) < MOST_NAMED:
                self.failed.append(name)
