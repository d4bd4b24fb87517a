# SPDX-License-Identifier: Apache-2.0
"""JSON texts in every spelling that RFC 8259 allows, and what splicing must make of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import strategies as st

SPACES = st.text(" \t\r\n", max_size=3).map(str.encode)
NUMBERS = st.sampled_from(
    [b"0", b"-0", b"1.10", b"1e400", b"1E-2", b"-12345678901234567890123", b"0.10e+01"]
)
STRINGS = st.one_of(
    st.sampled_from([b'""', rb'"\u00e9\/\ud83d\ude00\"{}[],:"', '"é😀 "'.encode(), rb'"\\"']),
    st.text("ab{}[]:, é", max_size=6).map(lambda text: f'"{text}"'.encode()),
)
SCALARS = st.one_of(NUMBERS, STRINGS, st.sampled_from([b"true", b"false", b"null"]))
NAMES = {b"a": rb'"\u0061"', b"s": b'"s"', b"o": b'"o"', b"l": b'"l"', b"\xc3\xa9": rb'"\u00e9"'}
"""Names, each with another spelling of it."""


@dataclass(frozen=True)
class Node:
    """A value. `kind` is `{`, `[` or empty, `members` are (spaces, name, spaces, value, spaces)."""

    kind: str
    lexeme: bytes
    members: tuple[tuple[bytes, bytes, bytes, "Node", bytes], ...] = ()

    def render(self) -> bytes:
        """The text as it is sent."""
        if not self.kind:
            return self.lexeme
        parts = []
        for before, name, colon, value, after in self.members:
            label = name + colon[:1] + b":" + colon[1:] if self.kind == "{" else b""
            parts.append(before + label + value.render() + after)
        return self._wrap(parts) if parts else self._wrap([self.lexeme])

    def spliced(self, path: tuple[str, ...], new: bytes) -> bytes:
        """The text with `new` at `path`: what lies on the way is compact, the rest as it was."""
        if not path:
            return new
        parts = []
        for _, name, _, value, _ in self.members:
            label = name + b":" if self.kind == "{" else b""
            on_way = path[0] == ("*" if self.kind == "[" else _plain(name))
            reached = on_way and value.reaches(path[1:])
            parts.append(label + (value.spliced(path[1:], new) if reached else value.render()))
        return self._wrap(parts)

    def reaches(self, path: tuple[str, ...]) -> bool:
        """Whether a value stands at `path`."""
        return any(True for _ in self.values(path))

    def values(self, path: tuple[str, ...]) -> Iterator["Node"]:
        """Every value at `path`; `*` is each element."""
        if not path:
            yield self
        for _, name, _, value, _ in self.members:
            if path and path[0] == ("*" if self.kind == "[" else _plain(name)):
                yield from value.values(path[1:])

    def _wrap(self, parts: list[bytes]) -> bytes:
        close = {"{": b"}", "[": b"]"}[self.kind]
        return self.kind.encode() + b",".join(parts) + close


def _plain(name: bytes) -> str:
    return {spelled: plain.decode() for plain, spelled in NAMES.items()}.get(
        name, name.decode()[1:-1]
    )


def _objects(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    name = st.sampled_from([*NAMES]).flatmap(
        lambda plain: st.sampled_from([b'"%b"' % plain, NAMES[plain]])
    )
    member = st.tuples(SPACES, name, SPACES, children, SPACES)
    members = st.lists(member, max_size=4, unique_by=lambda found: _plain(found[1]))
    return st.builds(lambda spaces, found: Node("{", spaces, tuple(found)), SPACES, members)


def _lists(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    member = st.tuples(SPACES, st.just(b""), st.just(b""), children, SPACES)
    return st.builds(
        lambda spaces, found: Node("[", spaces, tuple(found)), SPACES, st.lists(member, max_size=3)
    )


SCALAR_NODES = SCALARS.map(lambda lexeme: Node("", lexeme))
NODES = st.recursive(
    SCALAR_NODES, lambda below: st.one_of(_objects(below), _lists(below)), max_leaves=12
)
OBJECTS = _objects(NODES)
