# SPDX-License-Identifier: Apache-2.0
"""Strict YAML reading: every complaint has file, line, column and the nearest right word.

`read` composes one document into `Entry` values that remember where they stand. A reader asks a
mapping for the keys it knows and then calls `finish`; a key nobody asked for is an error. Scalars
keep their text, so `no`, `1.10` and `0123` mean what they say. Aliases, tags, duplicate keys and
several documents are refused: a file has one reading.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Self

import yaml

from sidecar.errors import Misconfigured
from sidecar.regular_file import open_regular

MAX_FILE_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 32
LAST_PORT = 65535

type Reader[T] = Callable[[Entry], T]


def nearest(word: str, known: Iterable[str]) -> str:
    """The ending of an error message that names the right word for `word`."""
    names = sorted(str(name) for name in known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; known here: {', '.join(names)}"


def find_address(text: str) -> tuple[str, int] | None:
    """Host and port of `HOST:PORT`, an IPv6 host in brackets; port 0 stands for any free one."""
    host, colon, port = text.rpartition(":")
    is_number = port.isascii() and port.isdigit() and len(port) <= len(str(LAST_PORT))
    if not colon or not host or not is_number or int(port) > LAST_PORT:
        return None
    return host.removeprefix("[").removesuffix("]"), int(port)


def read(path: Path) -> Entry:
    """Read the one document in the file at `path`."""
    return parse(read_bytes(path), str(path))


def read_bytes(path: Path) -> bytes:
    """The bytes of a file that may hold a document."""
    try:
        with open_regular(path) as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise Misconfigured(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > MAX_FILE_BYTES:
        raise Misconfigured(f"{path}: larger than {MAX_FILE_BYTES} bytes")
    return data


def parse(data: bytes, file: str) -> Entry:
    """Parse one document; `file` is the name that errors carry."""
    try:
        text = data.decode("utf-8")
        loader = yaml.SafeLoader(text)
        try:
            _refuse_alias_and_tags(yaml.parse(text, yaml.SafeLoader), file)
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except UnicodeDecodeError as error:
        raise Misconfigured(f"{file}: not UTF-8 at byte {error.start}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise Misconfigured(f"{file}{at}: {error.problem}") from error
    except yaml.YAMLError as error:
        raise Misconfigured(f"{file}: not YAML: {error}") from error
    if node is None:
        raise Misconfigured(f"{file}: empty")
    return Entry(node, file)


def _refuse_alias_and_tags(events: Iterator[yaml.Event], file: str) -> None:
    depth = 0
    for event in events:
        mark = event.start_mark
        at = f"{file}:{mark.line + 1}:{mark.column + 1}" if mark else file
        if isinstance(event, yaml.AliasEvent):
            raise Misconfigured(f"{at}: YAML aliases are not accepted; write the value out")
        if isinstance(event, yaml.NodeEvent) and getattr(event, "tag", None):
            raise Misconfigured(f"{at}: YAML tags are not accepted")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise Misconfigured(f"{at}: nested deeper than {MAX_DEPTH} levels")


class Entry:
    """One value of a document, with its place."""

    def __init__(self, node: yaml.Node, file: str) -> None:
        self._node = node
        self.file = file
        self._children: dict[str, tuple[Entry, Entry]] | None = None
        self._asked: set[str] = set()

    @property
    def where(self) -> str:
        """`file:line:column`, counted from one."""
        mark = self._node.start_mark
        return f"{self.file}:{mark.line + 1}:{mark.column + 1}"

    def error(self, problem: str) -> Misconfigured:
        """The error to raise for `problem` at this place."""
        return Misconfigured(f"{self.where}: {problem}")

    @property
    def is_mapping(self) -> bool:
        return isinstance(self._node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self._node, yaml.SequenceNode)

    @property
    def is_null(self) -> bool:
        return isinstance(self._node, yaml.ScalarNode) and (
            self._node.tag == "tag:yaml.org,2002:null"
        )

    @property
    def is_plain(self) -> bool:
        """Whether a scalar stands here without quotes, so that `1` may not be meant as text."""
        return isinstance(self._node, yaml.ScalarNode) and self._node.style is None

    def text(self) -> str:
        """A scalar as its text, whatever YAML type it resembles."""
        if not isinstance(self._node, yaml.ScalarNode) or self.is_null:
            raise self.error("expected text")
        return str(self._node.value)

    def name(self) -> str:
        """The key of a mapping as its text; unlike a value it may be the word `null`."""
        if not isinstance(self._node, yaml.ScalarNode):
            raise self.error("expected a name")
        return str(self._node.value)

    def one_of(self, words: Iterable[str]) -> str:
        """One of `words`."""
        known = list(words)
        text = self.text()
        if text not in known:
            raise self.error(f"{text!r} is not a word here{nearest(text, known)}")
        return text

    def integer(self, low: int, high: int) -> int:
        """A decimal integer within `low`..`high`."""
        text = self.text().replace("_", "")
        if not text.removeprefix("-").isascii() or not text.removeprefix("-").isdigit():
            raise self.error("expected an integer")
        if len(text) > 20 or not low <= int(text) <= high:  # noqa: PLR2004 - beyond 64 bits
            raise self.error(f"expected an integer from {low} to {high}")
        return int(text)

    def seconds(self, low: float, high: float) -> float:
        """A duration: a number with `ms`, `s`, `m`, `h` or `d`; a bare number is seconds."""
        text = self.text()
        number = text.rstrip("smhd")
        unit = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}.get(
            text[len(number) :]
        )
        try:
            value = float(number) * unit if unit else -1.0
        except ValueError:
            value = -1.0
        if not low <= value <= high:
            raise self.error(
                f"expected a duration such as 30s, 5m or 1h, from {low:g}s to {high:g}s"
            )
        return value

    def size(self, low: int, high: int) -> int:
        """A number of bytes: an integer with `KiB`, `MiB`, `GiB` or nothing."""
        text = self.text()
        for unit, factor in (("KiB", 1024), ("MiB", 1024**2), ("GiB", 1024**3), ("", 1)):
            number = text.removesuffix(unit).strip()
            if text.endswith(unit) and number.isascii() and number.isdigit():
                if low <= int(number[:18]) * factor <= high:
                    return int(number) * factor
                break
        raise self.error(f"expected a size such as 64KiB or 10MiB, from {low} to {high} bytes")

    def address(self) -> tuple[str, int]:
        """`HOST:PORT` to listen at, as `find_address` reads it."""
        found = find_address(self.text())
        if found is None:
            raise self.error("expected HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080")
        return found

    def items(self) -> list[Entry]:
        """The entries of a list."""
        if not isinstance(self._node, yaml.SequenceNode):
            raise self.error("expected a list")
        return [Entry(child, self.file) for child in self._node.value]

    def entries(self) -> list[tuple[Entry, Entry]]:
        """The (name, value) pairs of a mapping with free names, in order."""
        self._asked.update(self._mapping())
        return list(self._mapping().values())

    def find(self, name: str) -> Entry | None:
        """The value under `name`, or None where it is absent."""
        self._asked.add(name)
        pair = self._mapping().get(name)
        return pair[1] if pair else None

    def get(self, name: str) -> Entry:
        """The value under `name`, which must be there."""
        found = self.find(name)
        if found is None:
            others = [key for key in self._mapping() if key not in self._asked]
            close = difflib.get_close_matches(name, others, n=1)
            meant = f"; is it meant by {close[0]!r}?" if close else ""
            raise self.error(f"{name!r} is missing{meant}")
        return found

    def optional[T](self, name: str, reader: Reader[T], default: T) -> T:
        """`reader` applied to the value under `name`, or `default` where it is absent."""
        found = self.find(name)
        return default if found is None else reader(found)

    def finish(self) -> Self:
        """Raise for the first key that nobody asked for."""
        for error in self.unknown_keys():
            raise error
        return self

    def unknown_keys(self) -> Iterator[Misconfigured]:
        """An error for each key that nobody asked for."""
        for name, (key, _) in self._mapping().items():
            if name not in self._asked:
                yield key.error(f"unknown key {name!r}{nearest(name, self._asked)}")

    def _mapping(self) -> dict[str, tuple[Entry, Entry]]:
        if self._children is None:
            if not isinstance(self._node, yaml.MappingNode):
                raise self.error("expected a mapping")
            children: dict[str, tuple[Entry, Entry]] = {}
            for key_node, value_node in self._node.value:
                key = Entry(key_node, self.file)
                name = key.name()
                if name in children:
                    raise key.error(f"{name!r} stands here twice")
                children[name] = (key, Entry(value_node, self.file))
            self._children = children
        return self._children
