# SPDX-License-Identifier: Apache-2.0
"""Doors: bound before they open, shared fairly, and no client is lost with one who leaves."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator

import pytest

from sidecar.errors import Misconfigured
from sidecar.proxy import doors
from sidecar.proxy.doors import Acceptor
from sidecar.proxy.tally import Tally, shared_memory
from tests.proxy.rig import until


class Taker:
    """What one process does at a shared door: greet with its name, and stay until the end."""

    def __init__(self, name: bytes, door: socket.socket, tally: Tally) -> None:
        self.name, self.tally = name, tally
        self.acceptor = Acceptor(door.dup(), self.greet, tally)

    async def greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.name)
        await reader.read()
        writer.transport.abort()


@pytest.fixture
def door():
    (door,) = doors.bind("127.0.0.1", 0)
    doors.open_up([door])
    yield door
    door.close()


@contextlib.asynccontextmanager
async def _two(door: socket.socket) -> AsyncIterator[tuple[Taker, Taker]]:
    descriptor = shared_memory(2)
    one, two = (
        Taker(name, door, Tally(2, descriptor, row)) for row, name in enumerate((b"1", b"2"))
    )
    os.close(descriptor)
    yield one, two
    for acceptor in (one.acceptor, two.acceptor):
        if acceptor.sockets[0].fileno() >= 0:
            acceptor.close()


async def _greeted(door: socket.socket, count: int) -> tuple[str, list[asyncio.StreamWriter]]:
    clients = [await asyncio.open_connection(*door.getsockname()) for _ in range(count)]
    names = [await reader.read(1) for reader, _ in clients]
    return b"".join(names).decode(), [writer for _, writer in clients]


async def test_clients_are_spread_evenly(door: socket.socket) -> None:
    async with _two(door) as (one, two):
        names, writers = await _greeted(door, 16)
        assert names.count("1") == names.count("2") == 8
        for name, writer in zip(names, writers, strict=True):
            if name == "1":
                writer.close()
        await until(lambda: one.tally.clients == 8)
        names, more = await _greeted(door, 8)
        assert names == "1" * 8
        for writer in (*writers, *more):
            writer.close()
        await until(lambda: two.tally.clients == 0)


async def test_a_client_is_not_left_to_one_that_does_not_come(door: socket.socket) -> None:
    """One with fewer clients may be busy, or stopped: the other takes what it leaves."""
    async with _two(door) as (one, two):
        asyncio.get_running_loop().remove_reader(two.acceptor.sockets[0])
        names, writers = await _greeted(door, 3)
        assert names == "111"
        assert one.tally.clients == 3
        for writer in writers:
            writer.close()
        await until(lambda: one.tally.clients == 0)


async def test_who_waits_at_the_door_is_taken_by_the_next(door: socket.socket) -> None:
    _, writer = await asyncio.open_connection(*door.getsockname())
    async with _two(door) as (one, _):
        await until(lambda: one.tally.clients == 1)
        writer.close()
        await until(lambda: one.tally.clients == 0)


async def test_whoever_leaves_lets_the_others_have_the_door(door: socket.socket) -> None:
    async with _two(door) as (one, _):
        one.acceptor.close()
        names, writers = await _greeted(door, 3)
        assert names == "222"
        for writer in writers:
            writer.close()


def test_nobody_comes_in_before_it_is_opened() -> None:
    (door,) = doors.bind("127.0.0.1", 0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(door.getsockname())
    doors.open_up([door])
    socket.create_connection(door.getsockname()).close()
    doors.close([door])


def test_an_address_that_is_taken_or_is_none_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Misconfigured, match=f"127.0.0.1:{port} cannot be listened on"):
            doors.bind("127.0.0.1", port)
    with pytest.raises(Misconfigured, match="cannot be listened on"):
        doors.bind("203.0.113.1", 0)
    with pytest.raises(Misconfigured, match=r"a\.\.b:0 cannot be listened on"):
        doors.bind("a..b", 0)


def test_two_that_bound_the_same_address_cannot_both_open_it() -> None:
    (one,) = doors.bind("127.0.0.1", 0)
    (two,) = doors.bind(*one.getsockname())
    doors.open_up([one])
    with pytest.raises(Misconfigured, match="Address already in use"):
        doors.open_up([two])
    doors.close([one, two])
