# SPDX-License-Identifier: Apache-2.0
"""Content codings (RFC 9110 §8.4): bodies as they were before they were compressed.

gzip with all its members (RFC 1952), deflate with the zlib frame and, as some send it, without
(RFC 9110 §8.4.1.2), br (RFC 7932) and zstd with all its frames (RFC 8878). Each is read to its very
end: one that is cut short, or has anything behind it, is refused.

A bomb costs a bounded amount. Output is made in small steps, and ends at `room`, the smaller of a
size and a ratio; every member costs at least one step, and there are at most MAX_STEPS. The window
of zstd is bounded as RFC 9659 says, those of the others are by their formats.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli
import zstandard

from sidecar.errors import Malformed, TooLarge
from sidecar.message import Headers, header_values

MAX_CODINGS = 2
MAX_RATIO = 100
"""JSON that repeats itself reaches 10 to 50; bombs need a thousand."""
ALWAYS_ROOM = 65536
"""Bytes; so that the ratio does not count for small bodies, whatever they repeat."""
MAX_STEPS = 1024
"""Members of gzip or frames of zstd; block formats cut 8 MiB into some hundreds."""

_STEP = 65536
_ZSTD_STEP = 64
"""Bytes of input: the format makes up to 128 KiB of four, and this library knows no other bound."""
_ZSTD_WINDOW = 8 * 1024 * 1024


class UnknownCoding(Exception):
    """A coding that is not known here, or too many."""


def codings_of(headers: Headers) -> list[bytes]:
    """The codings of a body but `identity`, in the order in which they were applied.

    Raises:
        UnknownCoding: One is not known, or there are more than MAX_CODINGS.
    """
    listed = b",".join(header_values(headers, b"content-encoding")).lower().split(b",")
    codings = [coding for item in listed if (coding := item.strip()) not in {b"", b"identity"}]
    if len(codings) > MAX_CODINGS or not _DECODERS.keys() >= set(codings):
        raise UnknownCoding
    return codings


def decode(body: bytes, codings: list[bytes], limit: int) -> bytes:
    """What `body` was before `codings` were applied to it.

    Raises:
        Malformed: It is not wholly in these codings.
        TooLarge: It becomes longer than `limit` bytes, or MAX_RATIO times longer than it is.
    """
    room = min(limit, max(ALWAYS_ROOM, MAX_RATIO * len(body)))
    for coding in reversed(codings):
        try:
            body = _bounded(_DECODERS[coding](body), room)
        except (zlib.error, brotli.error, zstandard.ZstdError, EOFError):
            raise Malformed("a body is not wholly in the coding that its head tells") from None
    return body


def _bounded(steps: Iterator[bytes], room: int) -> bytes:
    pieces = []
    for piece in steps:
        room -= len(piece)
        if room < 0:
            raise TooLarge("a compressed body is longer than may be held, or far longer than sent")
        pieces.append(piece)
    return b"".join(pieces)


def _gzip(body: bytes) -> Iterator[bytes]:
    at = 0
    for _ in range(MAX_STEPS):
        stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
        while not stream.eof:
            if at == len(body):
                raise EOFError
            piece = body[at : at + _STEP]
            yield from _inflate(stream, piece)
            at += len(piece) - len(stream.unused_data)
        if at == len(body):
            return
    raise TooLarge(f"a body in more than {MAX_STEPS} members")


def _deflate(body: bytes) -> Iterator[bytes]:
    has_frame = (
        len(body) > 1 and body[0] & 15 == zlib.DEFLATED and int.from_bytes(body[:2]) % 31 == 0
    )
    stream = zlib.decompressobj(zlib.MAX_WBITS if has_frame else -zlib.MAX_WBITS)
    yield from _inflate(stream, body)
    if not stream.eof or stream.unused_data:
        raise EOFError


class _Inflating(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unconsumed_tail(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def _inflate(stream: _Inflating, data: bytes) -> Iterator[bytes]:
    while True:
        piece = stream.decompress(data, _STEP)
        yield piece
        data = stream.unconsumed_tail
        if stream.eof or (not data and len(piece) < _STEP):
            return


def _brotli(body: bytes) -> Iterator[bytes]:
    stream = brotli.Decompressor()
    yield stream.process(body, output_buffer_limit=_STEP)
    while not stream.is_finished():
        piece = stream.process(b"", output_buffer_limit=_STEP)
        if not piece:
            raise EOFError
        yield piece


def _zstd(body: bytes) -> Iterator[bytes]:
    at = 0
    for _ in range(MAX_STEPS):
        stream = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        while not stream.eof:
            if at == len(body):
                raise EOFError
            piece = body[at : at + _ZSTD_STEP]
            yield stream.decompress(piece)
            at += len(piece) - len(stream.unused_data)
        if at == len(body):
            return
    raise TooLarge(f"a body in more than {MAX_STEPS} frames")


_DECODERS: dict[bytes, Callable[[bytes], Iterator[bytes]]] = {
    b"gzip": _gzip,
    b"x-gzip": _gzip,
    b"deflate": _deflate,
    b"br": _brotli,
    b"zstd": _zstd,
}
