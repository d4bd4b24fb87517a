# SPDX-License-Identifier: Apache-2.0
"""What values could be bound to: the header that names a tenant, the member that names a record.

A rule that binds to what is sometimes missing refuses those requests, so a guess is made only where
everything that was seen had it (LANGUAGE.md §8); the reason is told either way.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import NamedTuple

from sidecar.fieldpath import EACH
from sidecar.learning.collections import Body, Collection
from sidecar.learning.leaves import Place
from sidecar.learning.naming import words_of
from sidecar.learning.routes import SeenRoute

_ID = re.compile(r"(?:^|\b)(?:id|uuid|guid|key|number|no|ref|reference|code|oid)$")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


class Guess(NamedTuple):
    """What to bind to (None: nothing), and why."""

    name: str | None
    why: str


def guess_tenant(collection: Collection) -> Guess:
    """The request header that every request had once."""
    counts: dict[str, int] = {}
    different: dict[str, int] = {}
    for route in collection.routes:
        for name, count in route.resource.with_tenant.items():
            counts[name] = counts.get(name, 0) + count
            seen = route.resource.tenants[name].estimate()
            different[name] = max(different.get(name, 0), seen)
    requests = collection.requests
    if not counts:
        return Guess(None, "no header that could name a tenant was seen")
    name = max(counts, key=lambda each: (counts[each], different[each]))
    if counts[name] < requests:
        return Guess(None, f"only {counts[name]} of {requests} requests had {name}")
    return Guess(name, f"on all {requests} requests, about {different[name]} different")


def guess_record(collection: Collection) -> Guess:
    """The member, or path variable, that names the record of every document."""
    reasons = []
    for name in _candidates(collection):
        lacks = (_lacks(body, name, collection.findings) for body in collection.bodies)
        missing = next(filter(None, lacks), None)
        if missing is None:
            return Guess(name, "every document was seen with it, or with it in its path")
        reasons.append(missing)
    if not reasons and all(_ends_in_variable(body) for body in collection.bodies):
        return Guess("id", "every path names it")
    return Guess(None, reasons[0] if reasons else "no member that could name a record was seen")


def record_variable(route: SeenRoute, name: str) -> int | None:
    """The position of the path variable that always was the same as the member `name`."""
    variables = [at for at, part in enumerate(route.segments) if not isinstance(part, str)]
    stats = [
        found
        for bodies in (route.resource.sent, route.resource.answered)
        for place, found in bodies.fields.items()
        if place[-1:] == (name,) and EACH not in place
    ]
    for position in variables:
        if stats and all(each.same_as.get(position) == each.seen for each in stats):
            return position
    return None


def _candidates(collection: Collection) -> list[str]:
    """Members whose names end as those of ids do; the plainest first."""
    names = [
        place[0]
        for place in collection.fields
        if len(place) == 1 and isinstance(place[0], str) and place not in collection.findings
    ]
    return sorted(
        (name for name in names if _ID.search(words_of(name)) and _VARIABLE.fullmatch(name)),
        key=lambda name: (words_of(name) not in {"id", "uuid"}, len(name)),
    )


def _lacks(body: Body, name: str, findings: Container[Place]) -> str | None:
    """Why the documents of a body cannot all be bound to `name`."""
    fields = dict(body.fields())
    documents = max(
        (stats.seen for place, stats in fields.items() if place in findings and EACH not in place),
        default=body.bodies.objects[body.documents],
    )
    having = fields[(name,)].seen if (name,) in fields else 0
    if having >= documents:
        return None
    if EACH not in body.documents and record_variable(body.route, name) is not None:
        return None
    what = "requests" if body.is_request else "answers"
    path = "/".join(part or "{}" for part in body.route.pattern)
    return f"{documents - having} of {documents} documents in {what} of /{path} lacked {name!r}"


def _ends_in_variable(body: Body) -> bool:
    return EACH not in body.documents and body.route.pattern[-1:] == (None,)
