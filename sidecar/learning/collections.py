# SPDX-License-Identifier: Apache-2.0
"""Which routes carry the documents of one collection, and where documents stand in their bodies.

`/customers` and `/customers/{id}` are one collection. Where answers wrap documents
(`data[*].email`), the wrapping is where documents stand, and the field is `email`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import NamedTuple

from sidecar.fieldpath import EACH
from sidecar.learning.bodies import Bodies
from sidecar.learning.evidence import Finding, find_kind
from sidecar.learning.leaves import Place
from sidecar.learning.observation import FieldStats
from sidecar.learning.resource import Resource
from sidecar.learning.routes import SeenRoute
from sidecar.rules.routes import Route, Variable

PERHAPS = 0.15
"""Confidence from which a field is told of."""
PLAIN: frozenset[Place] = frozenset({(), (EACH,)})
"""Where documents stand by default: the body, or each element of it."""
LIKELY = 0.5
"""Confidence from which a field is proposed."""

_WRAPPERS = frozenset(
    (
        "attributes", "body", "collection", "content", "data", "docs", "documents", "edges",
        "elements", "entities", "entries", "hits", "items", "list", "node", "nodes", "objects",
        "params", "payload", "records", "response", "result", "results", "rows", "value",
        "values",
    )
)  # fmt: skip
_NOT_NAMES = frozenset({"api", "rest", "services", "public", "internal", "private"})


class Body(NamedTuple):
    """The bodies of one direction of one route, and where their documents stand."""

    route: SeenRoute
    bodies: Bodies
    is_request: bool
    documents: Place
    others: tuple[Place, ...]
    """Where further documents stand in the same bodies."""

    def fields(self) -> Iterator[tuple[Place, FieldStats]]:
        """What stands in these documents, by its place in them."""
        depth = len(self.documents)
        for place, stats in self.bodies.fields.items():
            is_inside = len(place) > depth and place[:depth] == self.documents
            if is_inside and not any(
                len(other) > depth and place[: len(other)] == other for other in self.others
            ):
                yield place[depth:], stats


class Collection(NamedTuple):
    """Routes that share documents, and the fields of these."""

    routes: tuple[SeenRoute, ...]
    bodies: tuple[Body, ...]
    """Those in which a field was found."""
    fields: dict[Place, FieldStats]
    """By their place in a document, whatever they are."""
    findings: dict[Place, Finding]
    """Of kinds, by their place in a document."""

    @property
    def words(self) -> list[str]:
        """What its routes are called."""
        said = [part for part in base(self.routes[0].pattern) if part]
        return [word for word in said if word not in _NOT_NAMES and not _is_version(word)]

    @property
    def requests(self) -> int:
        return sum(route.resource.requests for route in self.routes)


def find_collections(routes: Iterable[SeenRoute]) -> Iterator[Collection]:
    """The collections of one host in which some field is likely, or perhaps, sensitive."""
    for group in _groups(list(routes)):
        collection = _collection(group)
        if collection.findings:
            yield collection


def base(pattern: tuple[str | None, ...]) -> tuple[str | None, ...]:
    """The pattern up to the last word."""
    while pattern and pattern[-1] is None:
        pattern = pattern[:-1]
    return pattern


def _groups(routes: list[SeenRoute]) -> list[list[SeenRoute]]:
    """Routes of one base, and with them the groups that share requests with them."""
    by_base: dict[tuple[str | None, ...], list[SeenRoute]] = {}
    for route in routes:
        if _is_sensitive(route):
            by_base.setdefault(base(route.pattern), []).append(route)
    groups = list(by_base.values())
    for one, other in combinations(list(groups), 2):
        if any(as_route(a.pattern).meets(as_route(b.pattern)) for a in one for b in other):
            joined = [group for group in groups if one[0] in group or other[0] in group]
            groups = [group for group in groups if group not in joined]
            groups.append([route for group in joined for route in group])
    return groups


def as_route(pattern: tuple[str | None, ...]) -> Route:
    """The pattern in the language of rules, its variables named by position."""
    return Route(tuple(part or Variable(f"v{at}") for at, part in enumerate(pattern)))


def _is_sensitive(route: SeenRoute) -> bool:
    return any(_sensitive(route, bodies) for bodies in _both(route.resource))


def _sensitive(route: SeenRoute, bodies: Bodies) -> list[Place]:
    """The places of bodies whose values look like something."""
    return [
        place
        for place, stats in bodies.fields.items()
        if (finding := _find(stats, place, route.pattern)) and finding.confidence >= PERHAPS
    ]


def _both(resource: Resource) -> tuple[Bodies, Bodies]:
    return resource.sent, resource.answered


def _find(stats: FieldStats, place: Place, pattern: tuple[str | None, ...]) -> Finding | None:
    names = [step for step in place if isinstance(step, str)]
    if not names or not stats.examined:
        return None
    words = [part for part in pattern if part]
    around = [name for name in names[:-1] if name.lower() not in _WRAPPERS] or words[-1:]
    return find_kind(stats, names[-1], around[-1] if around else "")


def _collection(routes: list[SeenRoute]) -> Collection:
    bodies = list(_bodies(routes))
    merged: dict[Place, FieldStats] = {}
    for body in bodies:
        for place, stats in body.fields():
            merged.setdefault(place, FieldStats()).merge(stats)
    pattern = min((route.pattern for route in routes), key=len)
    findings = {
        place: finding
        for place, stats in merged.items()
        if place[0] is not EACH
        and (finding := _find(stats, place, pattern))
        and finding.confidence >= PERHAPS
    }
    return Collection(tuple(routes), tuple(bodies), merged, findings)


def _bodies(routes: list[SeenRoute]) -> Iterator[Body]:
    """Each body with each place where documents of the collection stand in it."""
    unwrapped = [
        (route, bodies, [(_unwrapped(place, route.pattern), place) for place in found])
        for route in routes
        for bodies in _both(route.resource)
        if (found := _sensitive(route, bodies))
    ]
    pairs = [pair for _, _, places in unwrapped for pair in places]
    plain = {place[len(start) :] for start, place in pairs if start in PLAIN}
    for route, bodies, places in unwrapped:
        is_plain = any(start in PLAIN for start, _ in places)
        starts: set[Place] = {
            # What is only seen in a wrapping, beside plain fields, is a part of their document.
            start
            if not is_plain or place[len(start) :] in plain
            else (EACH,)
            if start[:1] == (EACH,)
            else ()
            for start, place in places
        }
        for start in sorted(starts, key=len):
            others = tuple(other for other in starts if other != start)
            yield Body(route, bodies, bodies is route.resource.sent, start, others)


def _unwrapped(place: Place, pattern: tuple[str | None, ...]) -> Place:
    """The steps of a place that only wrap documents."""
    wrappers = {part.lower() for part in pattern if part} | _WRAPPERS
    wrappers |= {f"{word}s" for word in wrappers} | {word.removesuffix("s") for word in wrappers}
    at = 1 if place[0] is EACH else 0
    while len(place) > at + 1:
        step = place[at]
        if not isinstance(step, str) or step.lower() not in wrappers:
            break
        below = at + 2 if place[at + 1] is EACH else at + 1
        if len(place) <= below or place[below] is EACH:
            break
        at = below
    return place[:at]


def _is_version(word: str) -> bool:
    return word[:1] == "v" and word[1:2].isdigit()
