# SPDX-License-Identifier: Apache-2.0
"""Files cut into records, a bounded piece at a time; every byte between the records is kept.

What a record holds is not looked at here: that is for the codec of its format, when it is sealed.
"""

import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, NamedTuple

from sidecar.errors import Malformed, TooLarge
from sidecar.fieldpath import EACH, FieldPath
from sidecar.migration.members import ROOT

_PIECE = 256 * 1024
_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*+"|["\[\]{}]', re.DOTALL)
_WHITE_SPACE = re.compile(rb"[ \t\r\n]*+")
_BETWEEN = re.compile(rb"[ \t\r\n]*+,?[ \t\r\n]*+")
_OPENING = frozenset({b"{", b"["})


class Slice(NamedTuple):
    """One record of a file: `glue` is what stands before it, the last slice has only that.

    `head` and `record` are a body together, the head being the same for every record.
    """

    glue: bytes
    record: bytes = b""
    head: bytes = b""

    def __repr__(self) -> str:
        return f"<Slice of {len(self.record)} bytes>"


class Format(NamedTuple):
    """How files of one kind are cut, and what a record by itself is."""

    media_type: str
    record: FieldPath
    """Where the record stands in a body of that type."""
    cut: Callable[[BinaryIO, int], Iterator[Slice]]
    """Slices of a file with records of so many bytes at most; Malformed, TooLarge."""


def _lines(file: BinaryIO, limit: int) -> Iterator[bytes]:
    while line := file.readline(limit + 1):
        if len(line) > limit:
            raise _too_large(limit)
        yield line


def _cut_ndjson(file: BinaryIO, limit: int) -> Iterator[Slice]:
    glue = b""
    for line in _lines(file, limit):
        record = line.strip()
        before, after = line.split(record, 1) if record else (line, b"")
        if record:
            yield Slice(glue + before, record)
            glue = after
        else:
            glue += line
    yield Slice(glue)


def _cut_csv(file: BinaryIO, limit: int) -> Iterator[Slice]:
    head = glue = row = b""
    for line in _lines(file, limit):
        row += line
        if len(row) > limit:
            raise _too_large(limit)
        if row.count(b'"') % 2:  # inside a quoted cell, which goes on in the next line
            continue
        if not row.strip():
            glue += row
        elif head:
            yield Slice(glue, row, head)
            glue = b""
        else:
            head, glue = glue + row, glue + row
        row = b""
    if row:
        raise Malformed("the last row ends inside a quoted cell")
    yield Slice(glue)


class _Window:
    """The part of a file that is looked at."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.data = b""

    def more(self) -> bool:
        """Take in another piece; whether there was one."""
        piece = self._file.read(_PIECE)
        self.data += piece
        return bool(piece)

    def skip(self, pattern: re.Pattern[bytes]) -> bytes:
        """Take off what `pattern` matches, however far that reaches."""
        while True:
            found = pattern.match(self.data)
            end = found.end() if found else 0
            if end < len(self.data) or not self.more():
                skipped, self.data = self.data[:end], self.data[end:]
                return skipped

    def take(self, length: int) -> bytes:
        taken, self.data = self.data[:length], self.data[length:]
        return taken


def _cut_json(file: BinaryIO, limit: int) -> Iterator[Slice]:
    window = _Window(file)
    glue = window.skip(_WHITE_SPACE)
    if window.data.startswith(b"{"):
        yield Slice(glue, window.take(_end_of_value(window, limit)))
    elif window.data.startswith(b"["):
        glue += window.take(1) + window.skip(_WHITE_SPACE)
        while window.data.startswith(b"{"):
            yield Slice(glue, window.take(_end_of_value(window, limit)))
            glue = window.skip(_BETWEEN)
        if not window.data.startswith(b"]"):
            raise _no_records()
        glue += window.take(1)
    else:
        raise _no_records()
    glue += window.skip(_WHITE_SPACE)
    if window.data:
        raise _no_records()
    yield Slice(glue)


def _end_of_value(window: _Window, limit: int) -> int:
    """Where the object ends with which the window begins."""
    depth = at = 0
    while True:
        token = _STRUCTURE.search(window.data, at)
        if token is None or token[0] == b'"':  # the rest of it is not in the window yet
            at = token.start() if token else len(window.data)
            if len(window.data) > limit:
                raise _too_large(limit)
            if not window.more():
                raise Malformed("the file ends inside a record")
            continue
        at = token.end()
        if token[0][:1] != b'"':
            depth += 1 if token[0] in _OPENING else -1
            if depth == 0:
                return at


def _no_records() -> Malformed:
    return Malformed("the file is neither one record nor an array of records; is it NDJSON?")


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"a record is longer than {limit} bytes")


FORMATS = {
    "json": Format("application/json", ROOT, _cut_json),
    "ndjson": Format("application/json", ROOT, _cut_ndjson),
    "csv": Format("text/csv", FieldPath((EACH,)), _cut_csv),
}
"""By the word that the command line has for each."""

SUFFIXES = {".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv"}
