# SPDX-License-Identifier: Apache-2.0
"""What is remembered of the bodies that go one way on one route: members, and objects."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from sidecar.fieldpath import EACH
from sidecar.learning.distinct import HashKey
from sidecar.learning.leaves import Leaf, Place
from sidecar.learning.naming import is_name
from sidecar.learning.observation import Budget, FieldStats

MOST_NAMES = 128
"""Different members of one object; with more it is taken for a map whose keys are data."""


class Bodies:
    """The bodies of requests, or of answers."""

    def __init__(self) -> None:
        self.count = 0
        self.unread: Counter[str] = Counter()
        """Bodies that no codec reads, by what they said they were."""
        self.objects: Counter[Place] = Counter()
        self.fields: dict[Place, FieldStats] = {}
        self._names: dict[Place, set[str]] = {}
        self._maps: set[Place] = set()

    def add(
        self, leaves: Iterable[Leaf], segments: Sequence[str], key: HashKey, budget: Budget
    ) -> None:
        """Count one body; `segments` are those of its path."""
        self.count += 1
        for leaf in leaves:
            if leaf.text is None:
                if leaf.place in self.objects or self._is_known(leaf.place, budget.take):
                    self.objects[leaf.place] += 1
                continue
            stats = self.fields.get(leaf.place)
            if stats is None:
                if not self._is_known(leaf.place, budget.take):
                    continue
                stats = self.fields[leaf.place] = FieldStats()
            stats.add(leaf.text, key, is_number=leaf.is_number)
            for position, segment in enumerate(segments):
                if segment == leaf.text:
                    stats.same_as[position] = stats.same_as.get(position, 0) + 1

    def _is_known(self, place: Place, has_room: Callable[[], bool]) -> bool:
        """Whether a new place has names all the way, so that it may be remembered."""
        for at, step in enumerate(place):
            if step is EACH:
                continue
            above = place[:at]
            if above in self._maps:
                return False
            names = self._names.setdefault(above, set())
            if step in names:
                continue
            if not isinstance(step, str) or not is_name(step):
                return False
            names.add(step)
            if len(names) > MOST_NAMES:
                self._forget_below(above)
                return False
        return has_room()

    def _forget_below(self, place: Place) -> None:
        self._maps.add(place)
        depth = len(place)
        for kept in (self.fields, self.objects, self._names):
            for inner in [p for p in kept if len(p) > depth and p[:depth] == place]:
                del kept[inner]
        self._names[place] = set()

    def merge(self, other: "Bodies") -> None:
        """Count what `other` has counted as well."""
        self.count += other.count
        self.unread += other.unread
        self.objects += other.objects
        for place, stats in other.fields.items():
            self.fields.setdefault(place, FieldStats()).merge(stats)
        for place, names in other._names.items():  # noqa: SLF001 - another of us
            self._names.setdefault(place, set()).update(names)
        for place in other._maps:  # noqa: SLF001 - likewise
            self._forget_below(place)
