# SPDX-License-Identifier: Apache-2.0
"""Data come once and in order, whichever way each piece takes."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mitmproxy.connection import Client, Connection

from sidecar.proxy.shortcut import Gate, Shortcut

CLIENT = Client(peername=("client", 1), sockname=("here", 2), timestamp_start=0.0)


class Taker:
    """Whom data are for, as long as it is open."""

    def __init__(self) -> None:
        self.obstacles: set[object] = set()
        self.gate = Gate(self.obstacles)
        self.direct = 0
        self.came = bytearray()

    def receive(self, connection: Connection, data: bytes) -> None:
        assert connection is CLIENT
        self.direct += 1
        self.came += data


class Wire(asyncio.Transport):
    """What a test sends, and the protocol that receives it."""

    def __init__(self) -> None:
        super().__init__()
        self._is_closed = False
        self.waiting = 0
        self.reader = asyncio.StreamReader()
        self.stream = asyncio.StreamReaderProtocol(self.reader)
        self._protocol: asyncio.BaseProtocol = self.stream

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return (1, 4)

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
    sent, taker = asyncio.run(_play(steps))
    assert taker.came == sent
    assert taker.direct <= sent.count(b".")


async def _play(steps: list[str]) -> tuple[bytes, Taker]:
    wire, taker = Wire(), Taker()
    shortcut = Shortcut(CLIENT, wire.reader, wire, taker)

    async def consume() -> None:
        while data := await shortcut.read():
            await asyncio.sleep(0)  # as one that waits for a slow peer
            taker.came += data

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
            (taker.gate.set if step == "go" else taker.gate.clear)()
    wire.end()
    await task
    return sent, taker


async def test_one_who_waits_gets_it_at_once_and_none_once_it_reads_no_more() -> None:
    wire, taker = Wire(), Taker()
    shortcut = Shortcut(CLIENT, wire.reader, wire, taker)
    task = asyncio.create_task(shortcut.read())
    await asyncio.sleep(0)
    wire.send(b"direct")
    assert taker.came == b"direct"
    task.cancel()
    await asyncio.wait((task,))
    wire.send(b"queued")
    assert await shortcut.read() == b"queued"
    assert taker.came == b"direct"


async def test_what_the_transport_says_besides_reaches_the_stream_and_who_it_is_for() -> None:
    wire, taker = Wire(), Taker()
    shortcut = Shortcut(CLIENT, wire.reader, wire, taker)
    writer = asyncio.StreamWriter(wire, wire.stream, wire.reader, asyncio.get_running_loop())
    shortcut.pause_writing()
    assert taker.obstacles == {shortcut}
    drained = asyncio.ensure_future(writer.drain())
    await asyncio.sleep(0)
    assert not drained.done()
    shortcut.resume_writing()
    assert not taker.obstacles
    await drained
    shortcut.pause_writing()
    shortcut.connection_lost(ConnectionResetError())
    assert not taker.obstacles
    with pytest.raises(ConnectionResetError):
        await shortcut.read()
    writer.close()


@pytest.mark.parametrize(("waiting", "is_full"), [(0, False), (4, False), (5, True)])
async def test_a_transport_that_was_full_before_is_full(*, waiting: int, is_full: bool) -> None:
    wire, taker = Wire(), Taker()
    wire.waiting = waiting
    shortcut = Shortcut(CLIENT, wire.reader, wire, taker)
    assert bool(taker.obstacles) is is_full
    wire.stream.pause_writing()
    shortcut.resume_writing()
    assert not taker.obstacles
