# SPDX-License-Identifier: Apache-2.0
"""What is remembered of the values at one place: counts, lengths, an estimate; never a value."""

from sidecar.learning.detectors import DETECTORS, Look
from sidecar.learning.distinct import Distinct, HashKey

MOST_EXAMINED = 256
"""Values of one field that detectors look at; later ones are only counted."""


class Budget:
    """Bounds what a run remembers; whatever finds no room is counted."""

    def __init__(self, places: int) -> None:
        self._left = places
        self.left_out = 0

    def take(self) -> bool:
        """Whether there is room for one place more."""
        if self._left:
            self._left -= 1
            return True
        self.left_out += 1
        return False


class FieldStats:
    """The values of one field."""

    __slots__ = (
        "_looks",
        "distinct",
        "examined",
        "longest",
        "numbers",
        "same_as",
        "seen",
        "shortest",
    )

    def __init__(self) -> None:
        self.seen = 0
        self.examined = 0
        self.numbers = 0
        self.shortest = 0
        self.longest = 0
        self.distinct = Distinct()
        self.same_as: dict[int, int] = {}
        """How often the value stood in the path, by the position of the segment there."""
        self._looks: dict[str, list[int]] = {}

    def add(self, text: str, key: HashKey, *, is_number: bool = False) -> None:
        """Count one value and forget it."""
        self.seen += 1
        self.numbers += is_number
        if not text.strip():
            return
        self.shortest = min(self.shortest or len(text), len(text))
        self.longest = max(self.longest, len(text))
        self.distinct.add(key.number(text))
        if self.examined < MOST_EXAMINED:
            self.examined += 1
            for kind, detector in DETECTORS.items():
                look = detector.look(text)
                if look:
                    self._looks.setdefault(kind, [0] * len(Look))[look] += 1

    def looks_like(self, kind: str, at_least: Look) -> int:
        """How many of the examined values look like `kind`, and how much."""
        return sum(self._looks.get(kind, ())[at_least:])

    def merge(self, other: "FieldStats") -> None:
        """Count what `other` has counted as well."""
        self.seen += other.seen
        self.examined += other.examined
        self.numbers += other.numbers
        self.shortest = min(filter(None, (self.shortest, other.shortest)), default=0)
        self.longest = max(self.longest, other.longest)
        self.distinct.merge(other.distinct)
        for position, count in other.same_as.items():
            self.same_as[position] = self.same_as.get(position, 0) + count
        for kind, counts in other._looks.items():  # noqa: SLF001 - another of us
            mine = self._looks.setdefault(kind, [0] * len(Look))
            self._looks[kind] = [one + more for one, more in zip(mine, counts, strict=True)]
