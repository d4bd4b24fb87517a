# SPDX-License-Identifier: Apache-2.0
"""Tables (`text/csv`, RFC 4180): the first row names the columns, each other row is a document.

An empty cell is null, and `""` the empty text, as PostgreSQL has it; every other cell is a text. A
replaced cell keeps its quotes, or gets them where it needs them; every other byte stays: quoting,
line ends (LF or CR LF), blank lines, a missing last line end.

Tables are written in many ways, so whatever another reader would cut into other cells is refused:
rows of unequal length, quotes inside a bare cell, text behind a closing quote, a bare CR, NUL, a
byte order mark; in what goes to a store also a backslash before a quote, a comma or a line end, and
a header row that seems to be parted by something else than commas, or to be a comment or the `sep=`
of spreadsheets.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Mapping

from sidecar.codecs.places import MAX_PLACES, check_places
from sidecar.codecs.reading import Edits, Misfit, Reading, Site
from sidecar.codecs.shape import Shape
from sidecar.codecs.texts import to_lexeme, to_text
from sidecar.envelope import is_sealed_text
from sidecar.errors import Malformed, TooLarge

MAX_CELLS = 8 * MAX_PLACES
"""Cells that nobody designated are cheaper to read than places."""

_CELL = re.compile(rb'("(?:[^"]|"")*+"|[^",\r\n]*+)(,|\r?\n|\Z)')
_QUOTED = re.compile(rb'[",\r\n]')
_OTHER_SEPARATORS = re.compile(r"[;|\\\x00-\x1f\x85\u2028\u2029]")
_ESCAPES = re.compile(rb"\\[\",\r\n]")
_NO_NAMES = ("sep=", "#")
"""How a first row begins that spreadsheets or importers take for none."""


class _CsvReading[T]:
    """The cells in order, each followed by what parts it from the next."""

    def __init__(self, body: bytes, shape: Shape[T]) -> None:
        self.sites: list[Site[T]] = []
        self.misfits: list[Misfit] = []
        self.documents = 0
        self.elements = 0
        self.claims = 0
        self._body = body
        self._pieces: list[bytes] = []
        rows = self._cut()
        if not rows:
            return
        names = self._names(rows[0], shape)
        if shape.items is None:
            if shape.members:
                self.misfits.append(Misfit(shape.path, shape.in_document))
            return
        places = [(at, shape.items.members.get(name)) for at, name in enumerate(names)]
        columns = [(at, place) for at, place in places if place is not None]
        for row in rows[1:]:
            self._visit(row, len(names), columns, shape.items)

    def render(self, edits: Edits[T] = ()) -> bytes:
        for site, lexeme in edits:
            at = int(site.key)
            self._pieces[at] = _spelled(lexeme, like=self._pieces[at])
        return b"".join(self._pieces) if edits else self._body

    def _cut(self) -> list[range]:
        """The rows, each as the numbers of its cells among the pieces; blank lines are none."""
        body, pieces = self._body, self._pieces
        if body.count(b",") + body.count(b"\n") > MAX_CELLS:
            raise TooLarge(f"a table with more than {MAX_CELLS} cells")
        if b"\0" in body or body.startswith(BOM_UTF8):
            raise Malformed("the table has a NUL, or a byte order mark before its first name")
        rows = []
        at = first = 0
        while at < len(body):
            cell = _CELL.match(body, at)
            if cell is None:
                raise Malformed("a cell of the table has stray quotes or a bare CR")
            pieces += cell.groups()
            at = cell.end()
            if cell[2] == b",":
                if at == len(body):
                    pieces += (b"", b"")
                else:
                    continue
            row = range(first, len(pieces), 2)
            if len(row) > 1 or pieces[first]:
                rows.append(row)
                check_places(len(rows))
            first = len(pieces)
        self.elements = len(rows)
        if b"enc:" in body:
            self.claims = sum(is_sealed_text(_content(cell)) for cell in pieces[::2])
        return rows

    def _names(self, row: range, shape: Shape[T]) -> list[str]:
        try:
            names = [_content(self._pieces[at]).decode() for at in row]
        except UnicodeDecodeError:
            raise Malformed("the name of a column is not UTF-8") from None
        of_rows = shape.items
        if len(set(names)) != len(names):
            raise Malformed("two columns of the table have one name")
        if of_rows is not None and of_rows.known is not None:
            if _ESCAPES.search(self._body):
                raise Malformed("a backslash that some readers take for part of what follows it")
            if names[0].lower().startswith(_NO_NAMES):
                raise Malformed("the first row may be taken for none that names columns")
            if any(_OTHER_SEPARATORS.search(name) for name in names):
                raise Malformed("the first row seems to be parted by something else than commas")
            of_rows.check_names(names)
        return names

    def _visit(
        self, row: range, width: int, columns: list[tuple[int, Shape[T]]], shape: Shape[T]
    ) -> None:
        if len(row) != width:
            raise Malformed("the rows of the table are not of one length")
        document = -1
        if shape.is_document:
            document = self.documents
            self.documents += 1
        for column, place in columns:
            at = row[column]
            cell = self._pieces[at]
            if place.tag is not None:
                lexeme = to_lexeme(_content(cell)) if cell else b"null"
                self.sites.append(Site(place.tag, lexeme, document, None, at))
            elif cell:
                self.misfits.append(Misfit(place.path, place.in_document))
        check_places(self.elements + len(self.sites))


def _spelled(lexeme: bytes, *, like: bytes) -> bytes:
    """The cell of a value that stands in the place of the cell `like`."""
    text = to_text(lexeme)
    must_quote = _QUOTED.search(text) or (not text and lexeme != b"null")
    if must_quote or (like.startswith(b'"') and lexeme != b"null"):
        return b'"%b"' % text.replace(b'"', b'""')
    return text


def _content(cell: bytes) -> bytes:
    return cell[1:-1].replace(b'""', b'"') if cell.startswith(b'"') else cell


class Csv:
    """The codec."""

    media_types = frozenset({"text/csv"})
    suffixes: frozenset[str] = frozenset()

    def with_parameters(self, parameters: Mapping[str, str]) -> "Csv | None":
        """The codec; None for a table without a header row (RFC 4180 §3), which names nothing."""
        return None if parameters.get("header", "present") != "present" else self

    def read[T](self, body: bytes, shape: Shape[T]) -> Reading[T]:
        return _CsvReading(body, shape)


CODEC = Csv()
