# SPDX-License-Identifier: Apache-2.0
"""Cuts one direction of a connection into messages that two parsers agree on.

`feed` takes what the socket gave; `read_head` and `read_body` give it back, unchanged, in pieces
that never cross a message's end. Where a message ends is decided here (`grammar.py`, `chunks.py`);
llhttp, in its strict mode, is fed the very same pieces and must see a message end at the same byte
and nowhere else. When the two disagree the message is refused: that is the differential on which
request smuggling lives. llhttp also undoes the chunked coding of a body that is held.

Raises `Malformed`. After that the reader is dead: nothing further may be asked of it.
"""

import string
from abc import ABC, abstractmethod
from typing import Protocol

import httptools

from sidecar.errors import Malformed
from sidecar.proxy.layers.http1.chunks import ChunkScanner
from sidecar.proxy.layers.http1.grammar import (
    Frame,
    read_request,
    read_response,
    without_upgrade,
)

_HEAD_END = b"\r\n\r\n"
_HEAD_STARTS = frozenset(
    b"!#$%&'*+-.^_`|~" + string.digits.encode() + string.ascii_letters.encode()
)
"""What a head may begin with. TLS, sent to a plain listener, is told so at its first byte."""


class _Parser(Protocol):
    def feed_data(self, data: bytes) -> None: ...


class _Witness:
    """What llhttp saw of the current message."""

    __slots__ = ("complete", "payload")

    def __init__(self) -> None:
        self.complete = False
        self.payload: bytearray | None = None

    def on_body(self, data: bytes) -> None:
        if self.payload is not None:
            self.payload += data

    def on_message_complete(self) -> None:
        self.complete = True
        self.payload = None  # whoever holds the body has it; a connection may rest for long


class MessageReader(ABC):
    """One direction of one connection."""

    __slots__ = (
        "_buffer", "_chunks", "_head_bytes", "_head_fields", "_left", "_parser", "_witness", "done",
    )  # fmt: skip

    def __init__(self, head_bytes: int, head_fields: int) -> None:
        self._head_bytes = head_bytes
        self._head_fields = head_fields
        self._buffer = b""
        self._left: int | None = 0
        self._chunks: ChunkScanner | None = None
        self._witness = _Witness()
        self._parser = self._new_parser()
        self.done = True
        """Whether the last message was read to its end."""

    @abstractmethod
    def _new_parser(self) -> _Parser:
        """The llhttp of this direction."""

    @property
    def buffered(self) -> int:
        """Bytes received and not read yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data

    def take_rest(self) -> bytes:
        """Everything buffered, once the connection speaks another protocol."""
        rest, self._buffer = self._buffer, b""
        return rest

    def hold_payload(self) -> bytearray:
        """Gather the current message's decoded body in the array that is returned."""
        payload = bytearray()  # one, not a list of pieces: a chunk may be a single byte
        self._witness.payload = payload
        return payload

    def drop_payload(self) -> None:
        """Gather no more of it."""
        self._witness.payload = None

    def _cut_head(self) -> bytes | None:
        """The next whole head, or None until it is there."""
        end = self._buffer.find(_HEAD_END, 0, self._head_bytes)
        if end < 0:
            if len(self._buffer) >= self._head_bytes:
                raise Malformed("the head is longer than the limit")
            if self._buffer and self._buffer[0] not in _HEAD_STARTS:
                raise Malformed("the head does not begin like one")
            if b"\n" in self._buffer and b"\n" in self._buffer.replace(b"\r\n", b""):
                raise Malformed("a line of the head ends without a carriage return")
            return None
        head = self._buffer[: end + 4]
        if head.count(b"\r\n") > self._head_fields + 2:
            raise Malformed("the head has more fields than the limit")
        return head

    def _begin(self, frame: Frame, testimony: bytes) -> Frame:
        self._buffer = self._buffer[len(frame.raw) :]
        self._left = frame.length
        self._chunks = ChunkScanner(self._head_bytes) if frame.chunked else None
        self._witness.complete = False
        self._witness.payload = None
        self.done = frame.length == 0
        if testimony:
            self._testify(testimony)
        return frame

    def read_body(self) -> bytes:
        """The body bytes that are there, as they were received; sets `done` at its end."""
        if self.done or not self._buffer:
            return b""
        data = self._buffer
        if self._chunks is not None:
            end = self._chunks.scan(data)
            self.done = self._chunks.done
        elif self._left is None:
            end = len(data)
        else:
            end = min(self._left, len(data))
            self._left -= end
            self.done = self._left == 0
        piece = data if end == len(data) else data[:end]
        self._buffer = data[end:]
        if piece:
            self._testify(piece)
        return piece

    def _testify(self, piece: bytes) -> None:
        """Let llhttp read the same bytes; both must see the same end, or neither."""
        try:
            self._parser.feed_data(piece)
        except httptools.HttpParserUpgrade as upgrade:
            # It stops for good where an upgrade may take effect. That is fine only there.
            self._parser = self._new_parser()
            if upgrade.args[0] != len(piece):
                raise Malformed("two parsers disagree on where the message ends") from None
        except httptools.HttpParserError:
            raise Malformed("the message is not HTTP/1 in its strict form") from None
        if self._witness.complete is not self.done:
            raise Malformed("two parsers disagree on where the message ends")


class RequestReader(MessageReader):
    """What a client sends; `to_proxy` when it knows that it talks to a proxy."""

    __slots__ = ("_to_proxy",)

    def __init__(self, head_bytes: int, head_fields: int, *, to_proxy: bool = False) -> None:
        super().__init__(head_bytes, head_fields)
        self._to_proxy = to_proxy

    def _new_parser(self) -> _Parser:
        return httptools.HttpRequestParser(self._witness)

    def read_head(self) -> Frame | None:
        """The next request's head, or None until it is whole."""
        head = self._cut_head()
        if head is None:
            return None
        frame = read_request(head, to_proxy=self._to_proxy)
        # llhttp takes a body after an offer to upgrade for the other protocol's bytes; it is one
        # of HTTP/1 (RFC 9110 §7.8), and common: Java's client offers h2c with its first POST.
        has_body = frame.chunked or frame.length
        return self._begin(frame, without_upgrade(head) if frame.upgrade and has_body else head)


class ResponseReader(MessageReader):
    """What an upstream answers."""

    __slots__ = ()

    def _new_parser(self) -> _Parser:
        return httptools.HttpResponseParser(self._witness)

    def read_head(self, *, to_head: bool) -> Frame | None:
        """The next answer's head, or None until it is whole; `to_head`: it has no body."""
        head = self._cut_head()
        if head is None:
            return None
        # llhttp cannot be told that a HEAD was asked; the bare head was read strictly above.
        return self._begin(read_response(head, to_head=to_head), b"" if to_head else head)

    def end(self) -> bool:
        """The upstream closed: whether that is a proper end of what it was sending."""
        if not self.done and self._left is None and self._chunks is None:
            self.done = True
        return self.done
