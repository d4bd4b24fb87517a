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

    __slots__ = ("ends", "payload", "size")

    def __init__(self) -> None:
        self.ends = 0
        self.size = 0
        self.payload: bytearray | None = None

    def on_body(self, data: bytes) -> None:
        self.size += len(data)
        if self.payload is not None:
            self.payload += data

    def on_message_complete(self) -> None:
        self.ends += 1
        self.payload = None  # whoever holds the body has it; a connection may rest for long


class MessageReader(ABC):
    """One direction of one connection."""

    __slots__ = (
        "_begun", "_chunks", "_head_bytes", "_head_fields", "_left", "_length", "_parser",
        "_witness", "done", "waiting",
    )  # fmt: skip

    def __init__(self, head_bytes: int, head_fields: int) -> None:
        self._head_bytes = head_bytes
        self._head_fields = head_fields
        self._begun = b""  # of the body: read with the head, and not asked for yet
        self._length: int | None = 0
        self._left = 0
        self._chunks: ChunkScanner | None = None
        self._witness = _Witness()
        self._parser = self._new_parser()
        self.waiting = b""
        """Received, and not yet of a message that was begun."""
        self.done = True
        """Whether the last message is there to its end."""

    @abstractmethod
    def _new_parser(self) -> _Parser:
        """The llhttp of this direction."""

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
            self._witness.payload = payload
        return payload

    def drop_payload(self) -> None:
        """Gather no more of it."""
        self._witness.payload = None

    def _cut_head(self) -> bytes | None:
        """The next whole head, or None until it is there."""
        waiting = self.waiting
        end = waiting.find(_HEAD_END, 0, self._head_bytes)
        if end < 0:
            if len(waiting) >= self._head_bytes:
                raise Malformed("the head is longer than the limit")
            if waiting and waiting[0] not in _HEAD_STARTS:
                raise Malformed("the head does not begin like one")
            if b"\n" in waiting and b"\n" in waiting.replace(b"\r\n", b""):
                raise Malformed("a line of the head ends without a carriage return")
            return None
        return waiting[: end + 4]

    def _begin(self, frame: Frame, testimony: bytes) -> Frame:
        """Go on to the body of `frame`, after a head that llhttp reads as `testimony`."""
        if len(frame.headers) > self._head_fields:
            raise Malformed("the head has more fields than the limit")
        waiting, start, length = self.waiting, len(frame.raw), frame.length
        witness = self._witness
        witness.ends = witness.size = 0
        self._length = length
        self._chunks = ChunkScanner(self._head_bytes) if frame.chunked else None
        if length:
            end = start + length
            self._begun = begun = waiting[start:end]
            self.waiting = waiting[end:]
            self._left = length - len(begun)
            self.done = self._left == 0
            self._testify(testimony + begun)
        else:
            self.waiting = waiting[start:]
            self._begun = b""
            self.done = length == 0
            if testimony:
                self._testify(testimony)
        return frame

    def read_body(self) -> bytes:
        """The body bytes that are there, as they were received."""
        begun = self._begun
        if begun:
            self._begun = b""
            return begun
        data = self.waiting
        if self.done or not data:
            return b""
        if self._chunks is not None:
            end = self._chunks.scan(data)
            self.done = self._chunks.done
        elif self._length is None:
            end = len(data)
        else:
            end = min(self._left, len(data))
            self._left -= end
            self.done = self._left == 0
        piece = data[:end]
        self.waiting = data[end:]
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
        witness = self._witness
        is_apart = self.done and self._chunks is None and witness.size != self._length
        if witness.ends != self.done or is_apart:
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

    def read_head(self, method: bytes) -> Frame | None:
        """The next answer's head, or None until it is whole; `method` is that of its request."""
        head = self._cut_head()
        if head is None:
            return None
        # llhttp cannot be told that a HEAD was asked; the bare head was read strictly above.
        return self._begin(read_response(head, method), b"" if method == b"HEAD" else head)

    def end(self) -> bool:
        """The upstream closed: whether that is a proper end of what it was sending."""
        if not self.done and self._length is None and self._chunks is None:
            self.done = True
        return self.done
