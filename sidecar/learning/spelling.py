# SPDX-License-Identifier: Apache-2.0
"""How routes, places and names are spelled in the words of the rule language."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sidecar.fieldpath import FieldPath
from sidecar.learning.binding import record_variable
from sidecar.learning.leaves import Place
from sidecar.learning.routes import SeenRoute

_NO_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 50


def spell_place(place: Place) -> str:
    text = str(FieldPath(place))
    return text if text.startswith("$") else f"$.{text}" if not text.startswith("[") else f"${text}"


def spell_route(route: SeenRoute, record: str | None, fields: Iterable[str]) -> str:
    """The route in the words of the language; variables never have the name of a field."""
    at_record = record_variable(route, record) if record else None
    taken = set(fields) | ({record} if record else set())
    variables = [at for at, part in enumerate(route.segments) if not isinstance(part, str)]
    if record and at_record is None and not _has_member(route, record):
        at_record = variables[-1] if variables else None
    parts = []
    for at, part in enumerate(route.segments):
        if isinstance(part, str):
            parts.append(part)
            continue
        before = route.segments[at - 1] if at else ""
        word = _NO_NAME.sub("_", before) if isinstance(before, str) else ""
        wish = "id" if at == variables[-1] else f"{word.replace('-', '_').replace('.', '_')}_id"
        name = record if at == at_record and record else free(wish.strip("_"), taken, "_")
        taken.add(name)
        parts.append(f"{{{name}}}")
    return "/" + "/".join(parts)


def _has_member(route: SeenRoute, record: str) -> bool:
    bodies = (route.resource.sent, route.resource.answered)
    return any(place[-1:] == (record,) for each in bodies for place in each.fields)


def store_name(host: str, hosts: Iterable[str]) -> str:
    """The first label of a host's name; its whole address where that does not tell it apart."""
    name, _, port = host.rpartition(":")
    label = name.strip("[]").partition(".")[0]
    others = [each for each in hosts if each != host]
    is_plain = label.isidentifier() and all(each.partition(".")[0] != label for each in others)
    return label if is_plain else _NO_NAME.sub("-", f"{name.strip('[]')}-{port}").strip("-.")


def free(wish: str, taken: set[str], joint: str = "-") -> str:
    """`wish`, with a number where it is taken."""
    wish = wish[:_LONGEST]
    name, number = wish, 2
    while name in taken:
        name, number = f"{wish}{joint}{number}", number + 1
    return name


def rule_name(words: Iterable[str], store: str, taken: set[str]) -> str:
    """A name after the words of the routes, or after the store where there are none."""
    return free(_NO_NAME.sub("-", "-".join(words)).strip("-.") or store, taken)
