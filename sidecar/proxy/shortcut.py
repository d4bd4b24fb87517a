# SPDX-License-Identifier: Apache-2.0
"""What a socket received goes straight to whom it is for, if that one is waiting for nothing else.

asyncio's streams wake a task for every piece of data, which costs as much as all that we do with a
small message. While the task that reads would only hand the data on, this does it in its place;
as soon as it would have to wait (back-pressure), the data take the stream's own way again.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import SupportsIndex

_READ_BYTES = 65536


class Shortcut:
    """Reads `reader`; hands data to `receive` directly while `may_receive` says so."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        receive: Callable[[bytes], None],
        may_receive: Callable[[], bool],
    ) -> None:
        self._reader = reader
        self._receive = receive
        self._may_receive = may_receive
        self._feed = reader.feed_data
        self._is_waiting = False
        reader.feed_data = self._take  # type: ignore[method-assign]

    async def read(self) -> bytes:
        """The next data that did not go directly; empty at the end."""
        self._is_waiting = True  # if this suspends, the stream's buffer is empty
        try:
            return await self._reader.read(_READ_BYTES)
        finally:
            self._is_waiting = False

    def end(self) -> None:
        """Nothing goes directly any more."""
        self._reader.feed_data = self._feed  # type: ignore[method-assign]

    def _take(self, data: Iterable[SupportsIndex]) -> None:
        """In place of `StreamReader.feed_data`, which names its argument's type so widely."""
        if self._is_waiting and self._may_receive():
            self._receive(bytes(data))
        else:
            self._is_waiting = False  # all that follows has to queue up behind
            self._feed(data)
