# SPDX-License-Identifier: Apache-2.0
"""The operations of one request, whole: what their members are named, wherever they stand.

A request is one operation or a list of them, and every bound here is on all of it, because other
messages wait while it is read.
"""

import json
from collections.abc import Iterable

from sidecar.codecs import Shape
from sidecar.codecs.places import check_places
from sidecar.errors import Malformed, TooLarge

MAX_QUERIES = 128 * 1024
"""Characters of all different queries of a request; so many are parsed in half a second."""
_CONTAINERS = (dict, list)


def read_operations(body: bytes) -> list[object]:
    """The operations that a JSON body holds.

    Raises:
        Malformed: It is no JSON, or an object hides a member behind another of its name.
        TooLarge: It has too many objects, or queries that are too long together.
    """
    try:  # names are looked at, and no number is made
        content = json.loads(
            body.decode(), object_pairs_hook=_Objects().read, parse_int=str, parse_float=str
        )
    except (ValueError, RecursionError):
        raise Malformed("the body is not one JSON text") from None
    operations = content if isinstance(content, list) else [content]
    queries = [each.get("query") for each in operations if isinstance(each, dict)]
    if sum(map(len, {query for query in queries if isinstance(query, str)})) > MAX_QUERIES:
        raise TooLarge(f"queries of more than {MAX_QUERIES} characters")
    return operations


def strange_names(operations: Iterable[object], shape: Shape[object]) -> set[str]:
    """The names of members where `shape`, that of one operation, names none.

    Not those inside of values. TooLarge where there is too much to walk through.
    """
    names: set[str] = set()
    waiting: list[tuple[object, Shape[object] | None]] = [(each, shape) for each in operations]
    walked = 0
    while waiting:
        check_places(walked + len(waiting))
        walked += 1
        content, place = waiting.pop()
        if isinstance(content, list):
            items = place.items if place else None
            waiting += [(item, items) for item in content if isinstance(item, _CONTAINERS)]
        elif isinstance(content, dict):
            for name, value in content.items():
                below = place.members.get(name) if place else None
                if below is None:
                    names.add(name)
                if isinstance(value, _CONTAINERS) and (below is None or below.tag is None):
                    waiting.append((value, below))
    return names


class _Objects:
    """The objects of one request, none of which has a name twice."""

    def __init__(self) -> None:
        self._count = 0

    def read(self, members: list[tuple[str, object]]) -> dict[str, object]:
        """One object, as the decoder tells it."""
        self._count += 1
        check_places(self._count)
        content = dict(members)
        if len(content) != len(members):
            raise Malformed("a JSON object has the same name twice")
        return content
