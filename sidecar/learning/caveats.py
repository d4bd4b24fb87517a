# SPDX-License-Identifier: Apache-2.0
"""What a rule for a collection could not protect, or would refuse."""

from collections.abc import Collection as Names
from collections.abc import Iterator

from sidecar.learning.collections import LIKELY, Collection
from sidecar.learning.evidence import find_kind
from sidecar.learning.observation import FieldStats
from sidecar.learning.routes import SeenRoute
from sidecar.learning.spelling import spell_route
from sidecar.plurals import counted


def find_caveats(collection: Collection, fields: Names[str]) -> Iterator[str]:
    """One sentence each; `fields` are the paths that the rule names."""
    names = {path.rpartition(".")[2] for path in fields} | set(fields)
    for route in collection.routes:
        path = spell_route(route, None, fields)
        if ("query",) in route.resource.sent.fields and (
            "variables",
        ) in route.resource.sent.objects:
            yield f"{path} looks like GraphQL, which a store of the kind `graphql` reads better"
        yield from _in_path(route, path)
        yield from _in_query(route, path, names)
        yield from _unread(route, path)


def _in_path(route: SeenRoute, path: str) -> Iterator[str]:
    for at, part in enumerate(route.segments):
        before = route.segments[at - 1] if at else ""
        if isinstance(part, FieldStats) and part.examined:
            found = find_kind(part, before if isinstance(before, str) else "", "")
            if found and found.confidence >= LIKELY:
                yield (
                    f"{path} carries {found.detector.title} in its path, which is sealed only "
                    "where `path` says so"
                )


def _in_query(route: SeenRoute, path: str, names: set[str]) -> Iterator[str]:
    for name, stats in route.resource.queries.items():
        found = find_kind(stats, name, "") if stats.examined and name not in names else None
        if found and found.confidence >= LIKELY:
            yield (
                f"the query parameter {name!r} of {path} carries {found.detector.title}, which is "
                "sealed only where `query` says so"
            )


def _unread(route: SeenRoute, path: str) -> Iterator[str]:
    sent, answered = route.resource.sent.unread, route.resource.answered.unread
    for what, unread in (("requests", sent), ("answers", answered)):
        for said, count in unread.items():
            bodies = counted(count, "body", "bodies")
            yield f"of {path} {bodies} in {what} could not be read ({said})"
