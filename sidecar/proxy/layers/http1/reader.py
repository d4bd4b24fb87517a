# SPDX-License-Identifier: Apache-2.0
"""Cuts one direction of a connection into messages that two parsers agree on.

`feed` takes what the socket gave; `read_head` and `read_body` give it back, unchanged, in pieces
that never cross a message's end. Where a message ends is decided here (`grammar.py`, `chunks.py`);
llhttp, in its strict mode, is fed the very same pieces and must see a message end at the same byte
and nowhere else. When the two disagree the message is refused: that is the differential on which
request smuggling lives. llhttp also undoes the chunked coding of a body that is held.

A head and what is there of a body with a length are told to llhttp at once. It must then have seen
exactly one end, and every byte after the head as body: so its head ends where ours does.

Raises `Malformed`. After that the reader is dead: nothing further may be asked of it.
"""

import string
from collections.abc import Callable
from typing import NamedTuple, Protocol

import httptools

from sidecar.errors import Malformed
from sidecar.proxy.layers.http1.chunks import ChunkScanner
from sidecar.proxy.layers.http1.grammar import (
    SHORT,
    Frame,
    Targets,
    read_request,
    read_response,
)

_HEAD_END = b"\r\n\r\n"
_HEAD_STARTS = frozenset(
    b"!#$%&'*+-.^_`|~" + string.digits.encode() + string.ascii_letters.encode()
)
"""What a head may begin with. TLS, sent to a plain listener, is told so at its first byte."""


class _Parser(Protocol):
    def feed_data(self, data: bytes) -> None: ...


class _Witness(NamedTuple):
    """What llhttp calls: with each piece of a decoded body, and at each message's end."""

    on_body: Callable[[bytes], None]
    on_message_complete: Callable[[], None]


class MessageReader[Of]:
    """One direction of one connection: use `request_reader` and `answer_reader`.

    Not two classes: what both of them run would know neither's attributes by heart.
    """

    __slots__ = (
        "_begun", "_chunks", "_due", "_head_bytes", "_head_fields", "_last", "_last_of", "_left",
        "_length", "_new_parser", "_parser", "_payload", "_pieces", "_read", "_seen", "_witness",
        "done", "waiting",
    )  # fmt: skip

    def __init__(
        self,
        head_bytes: int,
        head_fields: int,
        read: Callable[[bytes, Of], Frame],
        new_parser: Callable[[_Witness], _Parser],
    ) -> None:
        self._head_bytes = head_bytes
        self._head_fields = head_fields
        self._read = read
        self._new_parser = new_parser
        self._last: Frame | None = None
        self._last_of: Of | None = None
        self._begun = b""  # of the body: read with the head, and not asked for yet
        self._length: int | None = 0
        self._left = 0
        self._seen = 0  # by llhttp, of the body
        self._chunks: ChunkScanner | None = None
        self._payload: bytearray | None = None
        self._pieces: list[bytes] = []  # what llhttp has just seen of the body
        self._due: list[None] = []  # an end takes one; that of none is an error to llhttp as well
        self._witness = _Witness(self._pieces.append, self._due.pop)
        self._parser = new_parser(self._witness)
        self.waiting = b""
        """Received, and not yet of a message that was begun."""
        self.done = True
        """Whether the last message is there to its end."""

    def feed(self, data: bytes) -> None:
        self.waiting = self.waiting + data if self.waiting else data

    def take_rest(self) -> bytes:
        """Everything buffered, once the connection speaks another protocol."""
        rest, self.waiting = self.waiting, b""
        self._begun = b""
        return rest

    def hold_payload(self) -> bytearray:
        """Gather the current message's decoded body in the array that is returned."""
        payload = bytearray(self._begun)  # one, not a list of pieces: a chunk may be a single byte
        if not self.done:
            self._payload = payload
        return payload

    def drop_payload(self) -> None:
        """Gather no more of it."""
        self._payload = None

    def read_head(self, of: Of) -> Frame | None:
        """The next message's head, or None until it is whole; `of` is what else `read` asks for."""
        waiting, frame = self.waiting, self._last
        if frame is None or self._last_of != of or waiting[: len(frame.raw)] != frame.raw:
            start = waiting.find(_HEAD_END, 0, self._head_bytes) + len(_HEAD_END)
            if start < len(_HEAD_END):
                self._check_beginning(waiting)
                return None
            frame = self._read(waiting[:start], of)
            if len(frame.headers) > self._head_fields:
                raise Malformed("the head has more fields than the limit")
            self._last = frame if start <= SHORT else None  # a connection may rest for long
            self._last_of = of
        start, told = len(frame.raw), frame.told
        self._length = length = frame.length
        self._seen = 0
        if length is None:
            self._chunks = ChunkScanner(self._head_bytes) if frame.chunked else None
            self._begun = b""
            self.waiting = waiting[start:]
            self.done = False
        else:
            end = start + length
            self._begun = begun = waiting[start:end]
            self.waiting = waiting[end:]
            self._left = left = length - len(begun)
            self.done = left == 0
            if begun:
                told = told + begun if self.waiting or told is not frame.raw else waiting
        if told:
            self._due.append(None)
            self._testify(told)
        return frame

    def _check_beginning(self, waiting: bytes) -> None:
        """Malformed where `waiting` cannot become a head."""
        if len(waiting) >= self._head_bytes:
            raise Malformed("the head is longer than the limit")
        if waiting and waiting[0] not in _HEAD_STARTS:
            raise Malformed("the head does not begin like one")
        if b"\n" in waiting and b"\n" in waiting.replace(b"\r\n", b""):
            raise Malformed("a line of the head ends without a carriage return")

    def read_body(self) -> bytes:
        """The body bytes that are there, as they were received."""
        begun = self._begun
        if begun:
            self._begun = b""
            return begun
        data = self.waiting
        if self.done or not data:
            return b""
        if self._length is not None:
            end = min(self._left, len(data))
            self._left -= end
            self.done = self._left == 0
        elif self._chunks is not None:
            end = self._chunks.scan(data)
            self.done = self._chunks.done
        else:
            end = len(data)
        piece = data[:end]
        self.waiting = data[end:]
        if piece:
            self._testify(piece)
        if self.done:
            self._payload = None  # whoever holds it has it; a connection may rest for long
        return piece

    def _testify(self, piece: bytes) -> None:
        """Let llhttp read the same bytes; both must see the same end, or neither."""
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            # It stops for good where an upgrade may take effect. That is fine only there.
            self._parser = self._new_parser(self._witness)
            if upgrade.args[0] != len(piece):
                raise Malformed("two parsers disagree on where the message ends") from None
        except httptools.HttpParserError:
            raise Malformed("the message is not HTTP/1 in its strict form") from None
        pieces, done = self._pieces, self.done
        if pieces:
            body = b"".join(pieces)
            pieces.clear()
            self._seen += len(body)
            if self._payload is not None:
                self._payload += body
        is_apart = done and self._length is not None and self._seen != self._length
        if is_apart or len(self._due) == done:
            raise Malformed("two parsers disagree on where the message ends")

    def end(self) -> bool:
        """The peer closed: whether that is a proper end of what it was sending."""
        if not self.done and self._length is None and self._chunks is None:
            self.done = True
            self._payload = None
        return self.done


def request_reader(head_bytes: int, head_fields: int) -> MessageReader[Targets]:
    """Of what a client sends."""
    return MessageReader(head_bytes, head_fields, read_request, httptools.HttpRequestParser)


def answer_reader(head_bytes: int, head_fields: int) -> MessageReader[bytes]:
    """Of what an upstream answers; each head is read as one to a request of some method."""
    return MessageReader(head_bytes, head_fields, read_response, httptools.HttpResponseParser)
