# SPDX-License-Identifier: Apache-2.0
"""Why a request is not covered: what each rule asks for that the request has not.

A path may carry values, so only those of its segments are told that some rule spells out.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator

from sidecar.errors import Malformed
from sidecar.fieldpath import EACH, MAX_STEPS, FieldPath, Step
from sidecar.message import RequestHead
from sidecar.plurals import counted
from sidecar.rules import Field, Place, Route, Rule, RuleSet, read_target

_ANY = "{…}"
_MOST_HINTS = 3


def spell_path(rule_set: RuleSet, target: bytes, *, show_values: bool) -> str:
    """The path of `target`; segments that no rule spells out are told only with `show_values`."""
    segments = _segments(target)
    if segments is None:
        return "a path that can be read in two ways"
    known = {
        part
        for rule in rule_set.rules
        for route in rule.routes
        for part in route.segments
        if isinstance(part, str)
    }
    shown = [part if show_values or part in known else _ANY for part in segments]
    return "/" + "/".join(shown)


def why_not(rule: Rule, head: RequestHead) -> str:
    """Why `rule` does not hold for a request that it is not the rule of."""
    if head.authority not in rule.store.hosts:
        return f"it is for {', '.join(rule.store.hosts)}"
    segments = _segments(head.target)
    if segments is None:
        return "the path can be read in two ways"
    route = max(rule.routes, key=lambda each: _likeness(each, segments))
    return f"{route}: {_difference(route, segments, head.method.decode('latin-1'))}"


def nearest_host(rule_set: RuleSet, authority: str) -> str | None:
    """The host of some rule that `authority` was perhaps meant to be; None where it is one."""
    hosts = sorted({host for rule in rule_set.rules for host in rule.store.hosts})
    if authority in hosts:
        return None
    if len(hosts) == 1:
        return hosts[0]
    close = difflib.get_close_matches(authority, hosts, n=1, cutoff=0.4)
    return close[0] if close else None


def stray_members(field: Field, body: bytes) -> list[str]:
    """Places in a JSON body with a member named as the field's last step, up to three.

    Said where the field itself was not found: perhaps `documents` looks elsewhere.
    """
    if field.place is not Place.BODY or field.is_whole_body:
        return []
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return []
    name = field.path.last_name
    found = (str(FieldPath(path)) for path in _paths(content, ()) if path and path[-1] == name)
    return list(dict.fromkeys(found))[:_MOST_HINTS]


def _segments(target: bytes) -> list[str] | None:
    try:
        return read_target(target)[0]
    except Malformed:
        return None


def _likeness(route: Route, segments: list[str]) -> tuple[int, int]:
    """How many segments fit from the left, and how little the lengths differ."""
    fitting = 0
    for part, segment in zip(route.segments, segments, strict=False):
        if isinstance(part, str) and part != segment:
            break
        fitting += 1
    return fitting, -abs(len(route.segments) - len(segments))


def _difference(route: Route, segments: list[str], method: str) -> str:
    for number, (part, segment) in enumerate(zip(route.segments, segments, strict=False), 1):
        if isinstance(part, str) and part != segment:
            return f"segment {number} of the path is another than {part!r}"
    if len(segments) < len(route.segments) or (
        len(segments) > len(route.segments) and not route.has_rest
    ):
        return f"the path has {counted(len(segments), 'segment')}, the route {len(route.segments)}"
    return f"holds for other methods than {method}"


def _paths(content: object, path: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    if len(path) > MAX_STEPS:
        return
    yield path
    if isinstance(content, dict):
        for name, below in content.items():
            yield from _paths(below, (*path, name))
    elif isinstance(content, list):
        for below in content:
            yield from _paths(below, (*path, EACH))
