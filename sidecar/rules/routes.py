# SPDX-License-Identifier: Apache-2.0
"""Route templates: `/customers/{id}`, `GET|POST /api/command/{database}`, `/files/**`.

A template is a path of whole segments: a literal, a variable in braces, or a last `**` for any
rest, including none. Literals are written decoded. Methods in front restrict the route to them;
without them the route holds for every method. Raises Misconfigured, without a place in a file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final, Self

from sidecar.errors import Misconfigured

MAX_LENGTH = 1024
REST: Final = "**"

_METHODS = re.compile(r"[A-Z][A-Z0-9_-]{0,31}(\|[A-Z][A-Z0-9_-]{0,31})*")
_VARIABLE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]{0,63})\}")
_NOT_LITERAL = re.compile(r"[{}*%?#;\\\x00-\x20\x7f]")


@dataclass(frozen=True, slots=True)
class Variable:
    """A segment that may be any non-empty text."""

    name: str


type Segment = str | Variable


@dataclass(frozen=True, slots=True)
class Route:
    """Requests of some methods (None: of all) whose path fits a template.

    `has_rest` says that any further segments fit as well.
    """

    segments: tuple[Segment, ...]
    methods: frozenset[str] | None = None
    has_rest: bool = False
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        names = [segment.name for segment in self.segments if isinstance(segment, Variable)]
        if len(set(names)) != len(names):
            raise Misconfigured("a variable stands twice in this route")
        if self.methods is not None and not self.methods:
            raise Misconfigured("a route without methods holds for no request")

    @classmethod
    def parse(cls, text: str, where: str = "") -> Self:
        """The route that `text` spells."""
        methods, space, path = text.rpartition(" ")
        if space and not _METHODS.fullmatch(methods):
            raise Misconfigured("methods are upper case and joined by `|`: 'GET|POST /customers'")
        if not path.startswith("/") or len(path) > MAX_LENGTH:
            raise Misconfigured(f"a route begins with `/` and has up to {MAX_LENGTH} characters")
        parts = path[1:].split("/")
        has_rest = parts[-1] == REST
        if has_rest or parts[-1] == "":
            parts.pop()
        return cls(
            tuple(_segment(part) for part in parts),
            frozenset(methods.split("|")) if space else None,
            has_rest,
            where,
        )

    def __str__(self) -> str:
        parts = [part if isinstance(part, str) else f"{{{part.name}}}" for part in self.segments]
        path = "/" + "/".join([*parts, REST] if self.has_rest else parts)
        return path if self.methods is None else f"{'|'.join(sorted(self.methods))} {path}"

    @property
    def variables(self) -> tuple[tuple[str, int], ...]:
        """The names of the variables and the numbers of their segments."""
        return tuple(
            (segment.name, number)
            for number, segment in enumerate(self.segments)
            if isinstance(segment, Variable)
        )

    @property
    def shape(self) -> tuple[tuple[str | None, ...], bool]:
        """The paths that fit, whatever the variables are called."""
        literals = (segment if isinstance(segment, str) else None for segment in self.segments)
        return tuple(literals), self.has_rest

    def shares_method(self, other: Route) -> bool:
        """Whether some method is one of both routes."""
        if self.methods is None or other.methods is None:
            return True
        return not self.methods.isdisjoint(other.methods)

    def fits(self, method: str | None, segments: Sequence[str]) -> bool:
        """Whether a request is one of this route; without a method, whether one could be."""
        count = len(self.segments)
        if len(segments) < count or (len(segments) > count and not self.has_rest):
            return False
        if method is not None and self.methods is not None and method not in self.methods:
            return False
        return all(
            isinstance(ours, Variable) or ours == theirs
            for ours, theirs in zip(self.segments, segments, strict=False)
        )

    def meets(self, other: Route) -> bool:
        """Whether one request can fit both routes, or all but fits one of them (see `fold`)."""
        if not self.shares_method(other):
            return False
        for ours, theirs in zip_longest(self.segments, other.segments):
            if ours is None or theirs is None:
                return (self if ours is None else other).has_rest
            if isinstance(ours, str) and isinstance(theirs, str) and fold(ours) != fold(theirs):
                return False
        return True


def fold(segment: str) -> str:
    """What a careless store may take `segment` for: case, width, dots and spaces do not count."""
    return unicodedata.normalize("NFKC", segment).casefold().strip().rstrip(". ")


def _segment(part: str) -> Segment:
    if variable := _VARIABLE.fullmatch(part):
        return Variable(variable[1])
    if part == REST:
        raise Misconfigured("`**` stands only at the end of a route")
    if part in {"", ".", ".."}:
        raise Misconfigured("a route has no empty, `.` or `..` segments")
    if wrong := _NOT_LITERAL.search(part):
        raise Misconfigured(
            f"{wrong[0]!r} cannot stand in {part!r}: a segment is plain text (decoded), a whole "
            "variable such as {id}, or `**` at the end"
        )
    return part
