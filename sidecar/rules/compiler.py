# SPDX-License-Identifier: Apache-2.0
"""The plan: which rule a request falls under, found in microseconds.

`compile_rules` builds one tree of path segments a host. `Plan.find` reads the target in one way
only (`target`), walks the tree, and refuses what merely looks different from a protected route.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache, partial
from typing import NamedTuple

import msgspec

from sidecar.errors import Malformed
from sidecar.message import REMEMBERED
from sidecar.rules.model import Rule, RuleSet
from sidecar.rules.routes import Route, Variable, fold
from sidecar.rules.target import read_target


class Match(msgspec.Struct, frozen=True, gc=False):
    """The rule of a request, what the path's variables hold, and the query as it came."""

    rule: Rule
    variables: Mapping[str, str]
    query: bytes


class _Leaf(NamedTuple):
    rule: Rule
    methods: frozenset[str] | None
    variables: tuple[tuple[str, int], ...]


class _Node:
    """The segments that may follow one point of a path; `ends` and `rests` hold rules."""

    __slots__ = ("ends", "literals", "rests", "variable")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.variable: _Node | None = None
        self.ends: list[_Leaf] = []
        self.rests: list[_Leaf] = []

    def add(self, route: Route, leaf: _Leaf, *, folded: bool) -> None:
        node = self
        for segment in route.segments:
            if isinstance(segment, Variable):
                node.variable = node.variable or _Node()
                node = node.variable
            else:
                node = node.literals.setdefault(fold(segment) if folded else segment, _Node())
        (node.rests if route.has_rest else node.ends).append(leaf)

    def find(self, segments: list[str], depth: int, method: str) -> _Leaf | None:
        """The most specific leaf: a literal goes before a variable, a variable before `**`."""
        if depth == len(segments):
            found = _of_method(self.ends, method)
        else:
            below = self.literals.get(segments[depth])
            found = below.find(segments, depth + 1, method) if below else None
            if found is None and self.variable is not None:
                found = self.variable.find(segments, depth + 1, method)
        return found or _of_method(self.rests, method)


def _of_method(leaves: list[_Leaf], method: str) -> _Leaf | None:
    for leaf in leaves:
        if leaf.methods is None or method in leaf.methods:
            return leaf
    return None


def _is_mistakable(folded: _Node, segments: list[str], method: str) -> bool:
    """Whether a careless store may take a path that no rule names for one that a rule does.

    `/customers.json` counts as well: for many frameworks that is `/customers` in a named format.
    """
    path = [fold(segment) for segment in segments]
    if folded.find(path, 0, method):
        return True
    if not path:
        return False
    name, dot, _ = path[-1].partition(".")
    return bool(dot) and folded.find([*path[:-1], name], 0, method) is not None


def _find(
    hosts: Mapping[str, tuple[_Node, _Node]], authority: str, method: str, target: bytes
) -> Match | None:
    host = hosts.get(authority.lower())
    if host is None:
        return None
    segments, query = read_target(target)
    leaf = host[0].find(segments, 0, method)
    if leaf is None:
        if _is_mistakable(host[1], segments, method.upper()):
            raise Malformed("the path differs from a protected route only in its spelling")
        return None
    return Match(leaf.rule, {name: segments[at] for name, at in leaf.variables}, query)


class Plan:
    """The rules in force, ready to be asked."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.rules = rule_set.rules
        self.digest = rule_set.digest
        self._hosts: dict[str, tuple[_Node, _Node]] = {}
        for rule in rule_set.rules:
            for host in rule.store.hosts:
                exact, folded = self._hosts.setdefault(host, (_Node(), _Node()))
                for route in rule.routes:
                    leaf = _Leaf(rule, route.methods, route.variables)
                    exact.add(route, leaf, folded=False)
                    folded.add(route, leaf, folded=True)
        # Of heads that are new every time the target often is not. No method of this plan answers:
        # a plan that held itself would keep targets for good, once the host has frozen it.
        self._known = lru_cache(REMEMBERED)(partial(_find, self._hosts))

    @property
    def hosts(self) -> Collection[str]:
        """Every `host:port` that a rule names."""
        return self._hosts.keys()

    def protects(self, authority: str) -> bool:
        """Whether any rule names this `host:port`."""
        return authority.lower() in self._hosts

    def find(self, authority: str, method: str, target: bytes) -> Match | None:
        """The rule that a request falls under; None where no rule names it.

        Raises Malformed for a request to a protected host that can be read in two ways.
        """
        return self._known(authority, method, target)


def compile_rules(rule_set: RuleSet) -> Plan:
    """The plan of a rule set."""
    return Plan(rule_set)
