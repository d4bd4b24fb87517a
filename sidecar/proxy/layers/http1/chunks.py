# SPDX-License-Identifier: Apache-2.0
"""Where a chunked body ends (RFC 9112 §7.1), read strictly and without copying data.

`scan` is told all bytes that were not consumed so far and says how many of them belong to the
body. Sizes have at most eight digits; chunk extensions are bounded and must be well formed, for a
sloppy one is a known way to make two parsers disagree. Raises `Malformed`.
"""

import re
from typing import Literal

from sidecar.errors import Malformed
from sidecar.proxy.layers.http1.grammar import check_trailers

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_SIZE_LINE = re.compile(
    rb"([0-9A-Fa-f]{1,8})(?:;" + _TOKEN + rb"(?:=(?:" + _TOKEN + rb'|"[^"\\\x00-\x1f\x7f]*+"))?+)*+'
)
_LONGEST_SIZE_LINE = 256
_LARGEST_CHUNK = 0x7FFFFFFF


class ChunkScanner:
    """The place reached in one chunked body; `trailer_bytes` bounds its trailer section."""

    __slots__ = ("_left", "_state", "_trailer_bytes", "done")

    def __init__(self, trailer_bytes: int) -> None:
        self._trailer_bytes = trailer_bytes
        self._state: Literal["size", "data", "trailers"] = "size"
        self._left = 0  # of the current chunk, its closing CRLF included
        self.done = False

    def scan(self, data: bytes) -> int:
        """How many bytes at the start of `data` belong to the body, as far as can be told."""
        at = 0
        while not self.done:
            if self._state == "data":
                at = self._pass_data(data, at)
                if self._left:
                    return at
                self._state = "size"
            elif self._state == "size":
                end = _find_line_end(data, at, _LONGEST_SIZE_LINE)
                if end < 0:
                    return at
                self._read_size(data[at:end])
                at = end + 2
            else:
                end = self._find_trailers_end(data, at)
                if end < 0:
                    return at
                check_trailers(data[at:end])
                self.done, at = True, end
        return at

    def _read_size(self, line: bytes) -> None:
        match = _SIZE_LINE.fullmatch(line)
        size = int(match[1], 16) if match else _LARGEST_CHUNK + 1
        if size > _LARGEST_CHUNK:
            raise Malformed("a chunk's size line is not in its strict form")
        self._left = size + 2
        self._state = "data" if size else "trailers"

    def _pass_data(self, data: bytes, at: int) -> int:
        take = min(self._left, len(data) - at)
        tail = data[at + max(0, self._left - 2) : at + take]
        if self._left - take < 2 and not b"\r\n"[max(0, 2 - self._left) :].startswith(tail):  # noqa: PLR2004 - CR LF
            raise Malformed("a chunk does not end where its size says")
        self._left -= take
        return at + take

    def _find_trailers_end(self, data: bytes, at: int) -> int:
        if data.startswith(b"\r\n", at):
            return at + 2
        end = data.find(b"\r\n\r\n", at, at + self._trailer_bytes)
        if end < 0 and len(data) - at >= self._trailer_bytes:
            raise Malformed("the trailer section is too long")
        return end + 4 if end >= 0 else -1


def _find_line_end(data: bytes, at: int, longest: int) -> int:
    end = data.find(b"\r\n", at, at + longest)
    if end < 0 and len(data) - at >= longest:
        raise Malformed("a chunk's size line is too long")
    return end
