# SPDX-License-Identifier: Apache-2.0
"""An exchange that no rule holds: its bytes go on as they come, both ways.

Nothing is kept but what two sockets buffer.
"""

from sidecar.errors import Malformed
from sidecar.proxy.layers.http1.exchange import Exchange
from sidecar.proxy.layers.http1.grammar import Frame


class PassedExchange(Exchange):
    """One request that goes on as it came."""

    __slots__ = ()

    def begin(self) -> None:
        try:
            data = self._frame.raw + self._read_request()
        except Malformed as error:
            self.fail(error)
        else:
            self.forward(data)

    def client_data(self) -> None:
        if not self.asks:
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
            self.link.send(piece)
            limits = client.limits
            client.expect_within(
                limits.response_seconds if client.reader.done else limits.body_seconds
            )

    def _read_request(self) -> bytes:
        """The body bytes that are there."""
        return self._client.reader.read_body()

    def answer_interim(self, frame: Frame) -> None:
        if self._frame.minor:  # RFC 9110 §15.2: never to a client of HTTP/1.0
            self._client.send(frame.raw)

    def answer_head(self, frame: Frame) -> None:
        """It goes on with the first piece."""

    def answer_piece(self, piece: bytes) -> None:
        client, answer = self._client, self._answer
        assert answer is not None  # noqa: S101 - its head came before its body
        if not self._is_started:
            self._is_started = True
            piece = answer.raw + piece
        if self.link.reader.done:
            self.release()
            client.finish(piece, keep_alive=answer.keep_alive)
            return
        if piece:
            client.send(piece)
        client.expect_within(client.limits.body_seconds)

    def switched(self, frame: Frame) -> None:
        offered = [option.strip() for option in self._frame.upgrade.lower().split(b",")]
        is_taken_up = bool(frame.upgrade) and frame.upgrade.lower() in offered  # RFC 9110 §7.8
        if not (is_taken_up and self._client.reader.done):
            super().switched(frame)
            return
        self.asks = False  # what follows is the tunnel's
        self._client.send(frame.raw + self.link.reader.take_rest())
        self._client.switch(self.link, None)
