# SPDX-License-Identifier: Apache-2.0
"""Data come once and in order, whichever way each piece takes."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitmproxy.connection import Client
from mitmproxy.proxy.events import DataReceived

from sidecar.proxy.shortcut import Shortcut

CLIENT = Client(peername=("client", 1), sockname=("here", 2), timestamp_start=0.0)


class Wire(asyncio.Transport):
    """What a test sends, and the protocol that receives it."""

    def __init__(self) -> None:
        super().__init__()
        self._is_closed = False
        self.reader = asyncio.StreamReader()
        self.stream = asyncio.StreamReaderProtocol(self.reader)
        self._protocol: asyncio.BaseProtocol = self.stream

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def shorten(
        self, receive: Callable[[DataReceived], None], may_receive: Callable[[], bool]
    ) -> Shortcut:
        return Shortcut(CLIENT, self.reader, self, receive, may_receive)

    def close(self) -> None:
        self._is_closed = True

    def is_closing(self) -> bool:
        return self._is_closed

    def send(self, data: bytes) -> None:
        assert isinstance(self._protocol, asyncio.Protocol)
        self._protocol.data_received(data)

    def end(self) -> None:
        assert isinstance(self._protocol, asyncio.Protocol)
        self._protocol.eof_received()


@given(st.lists(st.sampled_from(["data", "run", "stop", "go"]), max_size=40))
@settings(max_examples=60)
def test_everything_arrives_once_and_in_order(steps: list[str]) -> None:
    sent, came, direct = asyncio.run(_play(steps))
    assert came == sent
    assert direct <= sent.count(b".")


async def _play(steps: list[str]) -> tuple[bytes, bytes, int]:
    wire = Wire()
    came = bytearray()
    direct = 0
    is_open = True

    def receive(event: DataReceived) -> None:
        nonlocal direct
        direct += 1
        came.extend(event.data)

    async def consume() -> None:
        while data := await shortcut.read():
            await asyncio.sleep(0)  # as one that waits for a slow peer
            came.extend(data)

    shortcut = wire.shorten(receive, lambda: is_open)
    task = asyncio.create_task(consume())
    sent = b""
    for step in steps:
        if step == "data":
            piece = b"%d." % len(sent)
            sent += piece
            wire.send(piece)
        elif step == "run":
            for _ in range(3):
                await asyncio.sleep(0)
        else:
            is_open = step == "go"
    wire.end()
    await task
    return sent, bytes(came), direct


async def test_one_who_waits_gets_it_at_once_and_none_once_it_reads_no_more() -> None:
    wire = Wire()
    came: list[DataReceived] = []
    shortcut = wire.shorten(came.append, lambda: True)
    task = asyncio.create_task(shortcut.read())
    await asyncio.sleep(0)
    wire.send(b"direct")
    assert came == [DataReceived(CLIENT, b"direct")]
    task.cancel()
    await asyncio.wait((task,))
    wire.send(b"queued")
    assert await shortcut.read() == b"queued"
    assert len(came) == 1


async def test_what_the_transport_says_besides_reaches_the_stream() -> None:
    wire = Wire()
    shortcut = wire.shorten(lambda _: None, lambda: True)
    writer = asyncio.StreamWriter(wire, wire.stream, wire.reader, asyncio.get_running_loop())
    shortcut.pause_writing()
    drained = asyncio.ensure_future(writer.drain())
    await asyncio.sleep(0)
    assert not drained.done()
    shortcut.resume_writing()
    await drained
    shortcut.connection_lost(ConnectionResetError())
    with pytest.raises(ConnectionResetError):
        await shortcut.read()
    writer.close()
