# SPDX-License-Identifier: Apache-2.0
"""Which rules of two sets hold for the same requests, and which requests only one set holds.

A request is a host, a method and a path; a route stands for all paths that fit it. Where several
routes of the other set share one route's paths among them, it counts as lost: rather too careful.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sidecar.rules.model import Rule
from sidecar.rules.routes import Route, Variable

_OTHER = "*"
"""Every method that no route names."""


class Held(NamedTuple):
    """Requests of one route at one host: `methods` is empty where it is all of the route's."""

    host: str
    route: Route
    methods: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.methods:
            return f"{self.route} at {self.host}"
        words = ["any other method" if each == _OTHER else each for each in self.methods]
        path = str(self.route).rpartition(" ")[2]
        return f"{', '.join(words)} {path} at {self.host}"


class Pairs(NamedTuple):
    """The rules that hold for requests of one rule, and what of it nobody holds.

    `moved` are, by the names of those rules, variables that are not the same segment in both.
    """

    rules: tuple[Rule, ...]
    lost: tuple[Held, ...]
    moved: Mapping[str, frozenset[str]]


class _Holder(NamedTuple):
    rule: Rule
    route: Route


def pair(rule: Rule, others: Iterable[Rule]) -> Pairs:
    """The rules among `others` that hold for requests of `rule`."""
    others = tuple(others)
    named = {
        method
        for each in (rule, *others)
        for route in each.routes
        for method in route.methods or ()
    }
    found: dict[str, Rule] = {}
    moved: dict[str, frozenset[str]] = {}
    lost = []
    for host in rule.store.hosts:
        there = [each for each in others if host in each.store.hosts]
        for route in rule.routes:
            methods = sorted(route.methods or {*named, _OTHER})
            holders = [(method, _find(there, route, method)) for method in methods]
            missing = tuple(method for method, holder in holders if holder is None)
            if missing:
                lost.append(Held(host, route, () if len(missing) == len(methods) else missing))
            for holder in (each for _, each in holders if each):
                name = holder.rule.name
                found[name] = holder.rule
                moved[name] = moved.get(name, frozenset()) | _moved(route, holder.route)
    return Pairs(tuple(found.values()), tuple(lost), moved)


def _find(rules: Iterable[Rule], route: Route, method: str) -> _Holder | None:
    holders = [
        _Holder(rule, each)
        for rule in rules
        for each in rule.routes
        if (each.methods is None or method in each.methods) and covers(each, route)
    ]
    return max(holders, key=_precedence, default=None)


def _precedence(holder: _Holder) -> list[bool]:
    """A literal goes before a variable, and a variable before `**` (`compiler`)."""
    return [isinstance(segment, str) for segment in holder.route.segments]


def _moved(one: Route, other: Route) -> frozenset[str]:
    return frozenset(name for name, _ in {*one.variables} ^ {*other.variables})


def covers(one: Route, other: Route) -> bool:
    """Whether every path that fits `other` fits `one`."""
    if other.has_rest and not one.has_rest:
        return False
    if len(one.segments) != len(other.segments) and not one.has_rest:
        return False
    if len(one.segments) > len(other.segments):
        return False
    return all(
        isinstance(mine, Variable) or mine == theirs
        for mine, theirs in zip(one.segments, other.segments, strict=False)
    )
