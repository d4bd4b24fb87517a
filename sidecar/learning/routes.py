# SPDX-License-Identifier: Apache-2.0
"""From the paths that were seen to route patterns: what stands for a record becomes a variable.

A tree of path segments. A segment that does not look like a word of an API (`customers`, `v1`) is a
variable at once, and not kept. Names of accounts look like words too, so words become a variable
where a place has too many of them, where one stands beside a variable and came but seldom, and
where several lead to bodies of the same members.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from sidecar.learning.detectors import Look
from sidecar.learning.detectors.secret import look as look_for_secret
from sidecar.learning.distinct import HashKey
from sidecar.learning.observation import Budget, FieldStats
from sidecar.learning.resource import Resource

_WORD = re.compile(r"[A-Za-z][A-Za-z]*(?:[_.-][A-Za-z]+)*[0-9]?|v[0-9]{1,2}(?:\.[0-9])?")
_LONGEST_WORD = 40
MOST_WORDS = 64
SELDOM = 3
"""Times; a word that came less often beside a variable, or beside too many words, is data."""
ALIKE = 3
"""So many words that lead to bodies of the same members are data."""

type Segment = str | FieldStats
"""A word, or what was seen at the place of a variable."""


class SeenRoute(NamedTuple):
    """One route of a host."""

    segments: tuple[Segment, ...]
    resource: Resource

    @property
    def pattern(self) -> tuple[str | None, ...]:
        """The segments, each variable as None."""
        return tuple(part if isinstance(part, str) else None for part in self.segments)


class Node:
    """One point of the paths to one host."""

    def __init__(self) -> None:
        self.count = 0
        self.words: dict[str, Node] = {}
        self.variable: Node | None = None
        self.values = FieldStats()
        """Of the segments that led here, where it is a variable."""
        self.resource: Resource | None = None

    def reach(self, segments: list[str], key: HashKey, budget: Budget) -> Resource | None:
        """The resource at a path, counted on the way; None where there is no room for it."""
        node = self
        for segment in segments:
            below = node.words.get(segment) or node._add(segment, budget)
            if below is None:
                return None
            if below is node.variable:
                below.values.add(segment, key)
            below.count += 1
            node = below
        if node.resource is None:
            node.resource = Resource()
        return node.resource

    def find(self, segments: list[str]) -> Resource | None:
        """The resource at a path that was reached before."""
        node = self
        for segment in segments:
            below = node.words.get(segment) or node.variable
            if below is None:
                return None
            node = below
        return node.resource

    def _add(self, segment: str, budget: Budget) -> "Node | None":
        if _is_word(segment) and len(self.words) < MOST_WORDS:
            if not budget.take():
                return None
            self.words[segment] = Node()
            if len(self.words) == MOST_WORDS:
                self._fold_seldom()
            return self.words.get(segment) or self.variable
        if self.variable is None:
            if not budget.take():
                return None
            self.variable = Node()
        return self.variable

    def _fold_seldom(self) -> None:
        self._fold([word for word, node in self.words.items() if node.count < SELDOM])

    def _fold_alike(self) -> None:
        alike: dict[object, list[str]] = {}
        for word, node in self.words.items():
            if signature := node.signature():
                alike.setdefault(signature, []).append(word)
        for words in alike.values():
            if len(words) >= ALIKE:
                self._fold(words)

    def _fold(self, words: list[str]) -> None:
        """Take some words for values of the variable."""
        for word in words:
            self.variable = self.variable or Node()
            self.variable.merge(self.words.pop(word))

    def signature(self) -> frozenset[object]:
        """The members of the bodies below."""
        return frozenset(
            (route.pattern, place)
            for route in self.routes()
            for bodies in (route.resource.sent, route.resource.answered)
            for place in bodies.fields
        )

    def merge(self, other: "Node") -> None:
        """Take in what `other` has seen."""
        self.count += other.count
        self.values.merge(other.values)
        for word, node in other.words.items():
            self.words.setdefault(word, Node()).merge(node)
        if other.variable is not None:
            self.variable = self.variable or Node()
            self.variable.merge(other.variable)
        if other.resource is not None:
            self.resource = self.resource or Resource()
            self.resource.merge(other.resource)

    def settle(self) -> None:
        """Find the words that are data, now that all is seen."""
        self._fold_alike()
        if self.variable is not None:
            self._fold_seldom()
            self.variable.settle()
        for node in self.words.values():
            node.settle()

    def routes(self, segments: tuple[Segment, ...] = ()) -> Iterator[SeenRoute]:
        """Every route below that has been asked for."""
        if self.resource is not None:
            yield SeenRoute(segments, self.resource)
        for word in sorted(self.words):
            yield from self.words[word].routes((*segments, word))
        if self.variable is not None:
            yield from self.variable.routes((*segments, self.variable.values))


def _is_word(segment: str) -> bool:
    if len(segment) > _LONGEST_WORD or not _WORD.fullmatch(segment):
        return False
    return look_for_secret(segment) is not Look.ALIKE
