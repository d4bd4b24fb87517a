# SPDX-License-Identifier: Apache-2.0
"""Newline-delimited JSON bodies: one JSON text a line, each read by the JSON codec.

Line endings (LF or CR LF), blank lines and a missing last newline stay as they came. One line that
cannot be read refuses the whole body.
"""

import re
from collections import defaultdict

import msgspec

from sidecar.codecs.json import CODEC as JSON
from sidecar.codecs.places import check_places
from sidecar.codecs.reading import Edits, Misfit, Reading, Site
from sidecar.codecs.shape import Shape
from sidecar.errors import Malformed

_LINE = re.compile(rb"[^\n]*\n|[^\n]+")


class _NdjsonReading[T]:
    """The lines in order: a reading where a line holds a text, its bytes where it is blank."""

    def __init__(self, body: bytes, shape: Shape[T]) -> None:
        self.sites: list[Site[T]] = []
        self.misfits: list[Misfit] = []
        self._lines: list[Reading[T] | bytes] = []
        self._line_of_document: list[Reading[T]] = []
        self.elements = body.count(b"\n")
        check_places(self.elements)
        for number, line in enumerate(_LINE.findall(body), 1):
            if line.isspace():
                self._lines.append(line)
                continue
            try:
                self._append(JSON.read(line, shape))
            except Malformed as error:
                raise Malformed(f"line {number}: {error.why}") from None

    @property
    def claims(self) -> int:
        return sum([line.claims for line in self._lines if not isinstance(line, bytes)])

    @property
    def documents(self) -> int:
        return len(self._line_of_document)

    def render(self, edits: Edits[T] = ()) -> bytes:
        edits_of: defaultdict[Reading[T], list[tuple[Site[T], bytes]]] = defaultdict(list)
        for site, lexeme in edits:
            edits_of[self._line_of_document[site.document]].append((site, lexeme))
        return b"".join(
            [
                line if isinstance(line, bytes) else line.render(edits_of.get(line, ()))
                for line in self._lines
            ]
        )

    def _append(self, line: Reading[T]) -> None:
        before = self.documents
        for site in line.sites:
            document = before + site.document if site.document >= 0 else site.document
            self.sites.append(msgspec.structs.replace(site, document=document))
        self.elements += line.elements
        check_places(self.elements + len(self.sites))
        self.misfits += line.misfits
        self._lines.append(line)
        self._line_of_document += [line] * line.documents


class Ndjson:
    """The codec."""

    media_types = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})
    suffixes = frozenset({"+x-ndjson"})

    def read[T](self, body: bytes, shape: Shape[T]) -> Reading[T]:
        return _NdjsonReading(body, shape)


CODEC = Ndjson()
