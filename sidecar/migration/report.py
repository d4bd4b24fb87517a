# SPDX-License-Identifier: Apache-2.0
"""What is told when a sweep is over: counts by outcome, and what the store holds now."""

from dataclasses import dataclass
from typing import Any

from sidecar.migration.coverage import Coverage
from sidecar.migration.tally import Tally


@dataclass(frozen=True)
class Report:
    """One sweep of `where`. `coverage` is None where nothing was proved: dry, or interrupted.

    `resumed_at` counts the records that an earlier run had done; `seconds` are this run's.
    """

    purpose: str
    rule: str
    where: str
    tally: Tally
    coverage: Coverage | None
    guard: str
    resumed_at: int
    seconds: float
    is_dry: bool = False

    @property
    def passed(self) -> bool:
        """Whether all is done, or in a dry run could be."""
        if self.is_dry:
            is_readable = not self.tally.outcomes["gone"] or self.tally.outcomes["written"] > 0
            return self.tally.records > 0 and not self.tally.outcomes["failed"] and is_readable
        return self.coverage is not None and self.coverage.holds

    def facts(self) -> dict[str, Any]:
        """Everything, in JSON's types."""
        coverage = self.coverage
        return {
            "purpose": self.purpose,
            "rule": self.rule,
            "where": self.where,
            "passed": self.passed,
            "dry_run": self.is_dry,
            "seconds": round(self.seconds, 3),
            "records": self.tally.records,
            "resumed_at": self.resumed_at,
            "guard": self.guard,
            **self.tally.counts(),
            "coverage": coverage
            and {
                "records": coverage.records,
                "fields": coverage.table(),
                "due": coverage.due,
                "broken": coverage.broken,
                "named": coverage.named,
            },
        }

    def lines(self) -> list[str]:
        """The same for people."""
        outcomes = self.tally.outcomes
        told = ", ".join(f"{count:,} {word}" for word, count in sorted(outcomes.items()) if count)
        resumed = f", resumed at {self.resumed_at:,}" if self.resumed_at else ""
        done = f"{self.tally.records:,} records in {self.seconds:.1f} s{resumed}"
        dry = " (dry run: nothing was written)" if self.is_dry else ""
        lines = [f"{self.rule}: {done}: {told or 'none'}{dry}"]
        lines += [f"  {count:,} failed: {why}" for why, count in self.tally.reasons.most_common()]
        lines += _named("failed", self.tally.failed)
        if outcomes["gone"] and not outcomes["written"]:
            lines.append(
                "  what was listed was not there to read; does `read` name where it stands?"
            )
        if unguarded := self.tally.unguarded:
            lines.append(
                f"  {unguarded:,} were written behind a last look alone, because the store has no "
                "strong ETag or does not go by it: an update in that moment would be lost"
            )
        return [*lines, *(self._coverage_lines(self.coverage) if self.coverage else ())]

    def _coverage_lines(self, coverage: Coverage) -> list[str]:
        lines = [f"read again from {self.where}: {coverage.records:,} records"]
        table = coverage.table()
        width = max([0, *map(len, table)])
        for name, states in table.items():
            told = "  ".join(f"{count:>9,} {state}" for state, count in states.items())
            lines.append(f"  {name:{width}} {told}")
        left = "not sealed" if self.purpose == "migrate" else "under old keys"
        if coverage.due:
            lines.append(f"  {coverage.due:,} records are {left} still; run this again")
        if coverage.broken:
            lines.append(f"  {coverage.broken:,} records hold a value that does not open there")
        if not coverage.records:
            lines.append("  there was no record; does `list: records` name where they stand?")
        lines += _named("look at", coverage.named)
        verdict = (
            "every sealed value opens, and nothing is left to do" if coverage.holds else "NOT done"
        )
        return [*lines, verdict]


def _named(word: str, records: list[str]) -> list[str]:
    return [f"  {word}: {', '.join(records)}"] if records else []
