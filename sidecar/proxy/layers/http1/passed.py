# SPDX-License-Identifier: Apache-2.0
"""An exchange that no rule holds: its bytes go on as they come, both ways.

Nothing is kept but what two sockets buffer. When a rule only observes (phase `monitor`), copies of
the bodies are gathered beside the stream, up to the limit, and shown to the transform once whole;
whatever it says then changes nothing.
"""

from sidecar.errors import Malformed
from sidecar.message import ResponseHead
from sidecar.proxy.layers.http1.exchange import Client, Exchange
from sidecar.proxy.layers.http1.grammar import Frame
from sidecar.proxy.layers.http1.reader import MessageReader
from sidecar.proxy.layers.http1.upstream import Link
from sidecar.transform import Hold


class PassedExchange(Exchange):
    """One request that goes on as it came; `observer` is the rule that only looks on."""

    def __init__(
        self, client: Client, frame: Frame, link: Link, observer: Hold | None = None
    ) -> None:
        super().__init__(client, frame, link, None)
        self._observer = observer
        self._seen: bytearray | None = None

    def begin(self) -> None:
        reader = self._client.reader
        self._watch(reader)
        try:
            data = self._frame.raw + self._read_request()
        except Malformed as error:
            self.fail(error)
        else:
            self.forward(data, is_whole=reader.done)

    def client_data(self) -> None:
        if not self._is_sent:
            return  # the upstream is not reached yet; the connection bounds what waits
        client = self._client
        if client.reader.done:
            return
        try:
            piece = self._read_request()
        except Malformed as error:
            self.fail(error)
            return
        if piece:
            self._link.send(piece)
            limits = client.limits
            client.expect_within(
                limits.response_seconds if client.reader.done else limits.body_seconds
            )

    def _read_request(self) -> bytes:
        """The body bytes that are there; said to be read once, when they are the last."""
        reader = self._client.reader
        piece = reader.read_body()
        self._bound(reader)
        if reader.done:
            self._observe_request()
        return piece

    def answer_interim(self, frame: Frame) -> None:
        if self._frame.minor:  # RFC 9110 §15.2: never to a client of HTTP/1.0
            self._client.send(frame.raw)

    def answer_head(self, frame: Frame) -> None:
        del frame
        self._watch(self._link.reader)

    def answer_piece(self, piece: bytes, *, is_last: bool) -> None:
        client, answer = self._client, self._answer
        assert answer is not None  # noqa: S101 - its head came before its body
        if not self._is_started:
            self._is_started = True
            client.send(answer.raw + piece if piece else answer.raw)
        elif piece:
            client.send(piece)
        self._bound(self._link.reader)
        if not is_last:
            client.expect_within(client.limits.body_seconds)
            return
        self._observe_answer(answer)
        self.release()
        client.finish(keep_alive=answer.keep_alive)

    def switched(self, frame: Frame) -> None:
        offered = [option.strip() for option in self._frame.upgrade.lower().split(b",")]
        is_taken_up = bool(frame.upgrade) and frame.upgrade.lower() in offered  # RFC 9110 §7.8
        if not (is_taken_up and self._client.reader.done):
            super().switched(frame)
            return
        self._client.send(frame.raw + self._link.reader.take_rest())
        self._client.switch(self._link, None)

    def _watch(self, reader: MessageReader) -> None:
        self._seen = None if self._observer is None else reader.hold_payload()

    def _bound(self, reader: MessageReader) -> None:
        if self._seen is None or self._observer is None:
            return
        if len(self._seen) > self._observer.body_limit:
            reader.drop_payload()
            self._seen = None

    def _observe_request(self) -> None:
        if self._observer is not None and self._seen is not None:
            self._client.guard.observe_request(self._observer, bytes(self._seen))

    def _observe_answer(self, answer: Frame) -> None:
        if self._observer is not None and self._seen is not None:
            head = ResponseHead(answer.status, answer.reason, answer.headers)
            self._client.guard.observe_answer(self._observer, head, bytes(self._seen))
