# SPDX-License-Identifier: Apache-2.0
"""An exchange that a rule only observes (phase `monitor`): it passes, and the rule looks on.

Copies of the bodies are gathered beside the stream, up to the limit, and shown to the transform
once whole; whatever it says then changes nothing.
"""

from typing import Any

from sidecar.proxy.layers.http1.exchange import Client
from sidecar.proxy.layers.http1.grammar import Frame
from sidecar.proxy.layers.http1.passed import PassedExchange
from sidecar.proxy.layers.http1.reader import MessageReader
from sidecar.proxy.layers.http1.upstream import Link
from sidecar.transform import Hold


class ObservedExchange(PassedExchange):
    """One request that goes on as it came; `observer` is the rule that looks on."""

    __slots__ = ("_observer", "_seen")

    def __init__(self, client: Client, frame: Frame, link: Link, observer: Hold) -> None:
        super().__init__(client, frame, link)
        self._observer = observer
        self._seen: bytearray | None = None

    def begin(self) -> None:
        self._seen = self._client.reader.hold_payload()
        super().begin()

    def _read_request(self) -> bytes:
        reader = self._client.reader
        piece = super()._read_request()
        self._bound(reader)
        if reader.done and self._seen is not None:
            self._client.guard.observe_request(self._observer, bytes(self._seen))
        return piece

    def answer_head(self, frame: Frame) -> None:
        del frame
        self._seen = self.link.reader.hold_payload()

    def answer_piece(self, piece: bytes) -> None:
        reader, answer = self.link.reader, self._answer
        self._bound(reader)
        if reader.done and self._seen is not None and answer is not None:
            self._client.guard.observe_answer(self._observer, answer.head, bytes(self._seen))
        super().answer_piece(piece)

    def _bound(self, reader: MessageReader[Any]) -> None:
        if self._seen is not None and len(self._seen) > self._observer.body_limit:
            reader.drop_payload()
            self._seen = None
