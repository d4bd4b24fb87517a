# SPDX-License-Identifier: Apache-2.0
"""From counts to a confidence: what the name said first, then what the values add to it.

Bayes' rule in log odds. The name gives the odds to begin with (`naming.Hint`). Each value that has
the look speaks for the kind, each that has not against it, by how often other things have that
look; however many there are, they are never better than what a whole field of other things may look
like. The same value seen often is one value, so only as many count as were different.
"""

import math
from typing import NamedTuple

from sidecar.learning.detectors import DETECTORS, Chance, Detector, Look
from sidecar.learning.naming import Hint, hint_of
from sidecar.learning.observation import FieldStats

_OF_ITS_KIND = 0.85
"""How many values of a field of one kind have its look; the rest are blunders and blanks."""
_MOST_THAT_COUNT = 30
_POSSIBLE = Chance(0.5, 0.5)


class Finding(NamedTuple):
    """One field taken for one kind, and why."""

    detector: Detector
    confidence: float
    hint: Hint
    matched: int
    examined: int

    @property
    def is_named(self) -> bool:
        """Whether the name speaks for the kind."""
        return self.hint in {Hint.SURE, Hint.SOME}

    @property
    def why(self) -> str:
        """One line without values."""
        share = f"{self.matched} of {self.examined} values look like {self.detector.title}"
        says = {
            Hint.SURE: "the name says so",
            Hint.SOME: "the name hints at it",
            Hint.NONE: "the name says nothing",
            Hint.AGAINST: "the name speaks against it",
        }
        return f"{share}; {says[self.hint]}"


def find_kind(stats: FieldStats, name: str, around: str) -> Finding | None:
    """The most likely kind of a field's values; None where nothing speaks for any."""
    findings = [
        _weigh(detector, stats, hint_of(detector, name, around)) for detector in DETECTORS.values()
    ]
    likely = [finding for finding in findings if finding.matched]
    return max(likely, key=lambda finding: finding.confidence, default=None)


def _weigh(detector: Detector, stats: FieldStats, hint: Hint) -> Finding:
    ways = [(Look.CERTAIN, detector.certain)]
    if hint in {Hint.SURE, Hint.SOME}:
        ways.append((Look.ALIKE, detector.alike))
    if hint is Hint.SURE:
        ways.append((Look.POSSIBLE, _POSSIBLE))
    weights = [
        (_evidence(stats, matched, chance), matched)
        for look, chance in ways
        if (matched := stats.looks_like(detector.kind, look))
    ]
    evidence, matched = max(weights, default=(-math.inf, 0))
    odds = math.log(hint.value / (1 - hint.value)) + evidence
    confidence = 1 / (1 + math.exp(-odds)) if odds > -50 else 0.0  # noqa: PLR2004 - exp overflows later
    return Finding(detector, confidence, hint, matched, stats.examined)


def _evidence(stats: FieldStats, matched: int, chance: Chance) -> float:
    """The log of how much likelier the counts are if the field is of the kind."""
    count = min(stats.examined, max(1, stats.distinct.estimate()), _MOST_THAT_COUNT)
    share = matched / stats.examined
    speaks_for = math.log(_OF_ITS_KIND / chance.value)
    speaks_against = math.log((1 - _OF_ITS_KIND) / (1 - chance.value))
    total = count * (share * speaks_for + (1 - share) * speaks_against)
    return min(total, math.log(_OF_ITS_KIND / chance.field))
