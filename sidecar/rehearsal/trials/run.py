# SPDX-License-Identifier: Apache-2.0
"""All cases of a set of rules, and which fields none of them tries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sidecar.backends import BACKENDS
from sidecar.errors import SidecarError
from sidecar.rehearsal.stage import staged
from sidecar.rehearsal.trials.case import Case
from sidecar.rehearsal.trials.trial import Trial
from sidecar.rules import Phase, RuleSet
from sidecar.transform import RuledHold


class Result(NamedTuple):
    """What came of one case; no problems where it passed."""

    name: str
    where: str
    problems: tuple[str, ...]


class Run(NamedTuple):
    """What came of all; `untried` are fields, by rule, that no case has in a request."""

    results: tuple[Result, ...]
    untried: dict[str, tuple[str, ...]]

    @property
    def failed(self) -> int:
        return sum(1 for result in self.results if result.problems)


async def run_cases(rule_set: RuleSet, cases: Iterable[Case], *, show_values: bool = False) -> Run:
    """Run every case, each for itself."""
    results = []
    tried: set[tuple[str, str]] = set()
    async with staged(rule_set) as stage:
        for case in cases:
            trial = Trial(stage, case, show_values=show_values)
            results.append(Result(case.name, case.where, tuple(await _problems(trial))))
            for hold, body in trial.tried:
                tried |= _fields_in(hold, body)
    untried = {
        rule.name: tuple(
            field.label for field in rule.all_fields if (rule.name, field.label) not in tried
        )
        for rule in rule_set.rules
    }
    return Run(tuple(results), {name: fields for name, fields in untried.items() if fields})


async def _problems(trial: Trial) -> list[str]:
    problems = await trial.run()
    rules = (hold.match.rule for hold, _ in trial.tried)
    watching = sorted({rule.name for rule in rules if rule.phase is Phase.MONITOR})
    told = (
        f"rule {name!r} only watches (`phase: monitor`) and changes nothing" for name in watching
    )
    return [*problems, *told] if problems else []


def _fields_in(hold: RuledHold, body: bytes) -> set[tuple[str, str]]:
    match = hold.match
    adapter = BACKENDS[match.rule.store.kind].bind(match.rule)
    try:
        values = adapter.read_request(hold.head, match.variables, match.query, body).values
    except SidecarError:
        return set()
    return {(match.rule.name, value.field.label) for value in values}
