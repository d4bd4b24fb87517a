# SPDX-License-Identifier: Apache-2.0
"""The line for room: who goes on, who waits, and that somebody always goes on."""

import asyncio
import os

from sidecar.proxy.room import PIECE, Room
from sidecar.proxy.tally import Tally, shared_memory

LIMIT = 64 * PIECE


def _rooms(count: int) -> list[Room]:
    descriptor = shared_memory(count)
    try:
        return [Room(LIMIT, Tally(count, descriptor, row)) for row in range(count)]
    finally:
        os.close(descriptor)


async def test_nobody_waits_while_there_is_room() -> None:
    (room,) = _rooms(1)
    room.hold(LIMIT)
    assert all(room.has_place(number) for number in range(100))
    assert not room.is_crowded


async def test_of_those_without_room_the_first_goes_on() -> None:
    (room,) = _rooms(1)
    room.hold(LIMIT + 1)
    assert room.has_place("first")
    assert not room.has_place("second")
    assert room.has_place("first")
    turn = room.wait("second")
    room.leave("first")
    await asyncio.wait_for(turn, 5)
    assert room.has_place("second")


async def test_room_that_comes_free_is_for_those_who_wait() -> None:
    (room,) = _rooms(1)
    room.hold(LIMIT + 1)
    assert room.has_place("first")
    assert not room.has_place("second")
    turn = room.wait("second")
    room.hold(-3 * PIECE)
    assert not room.has_place("a newcomer")
    await asyncio.wait_for(turn, 5)


async def test_what_other_processes_hold_counts_and_so_does_what_they_give_back() -> None:
    ours, theirs = _rooms(2)
    theirs.hold(LIMIT + 1)
    assert ours.has_place("first")
    assert not ours.has_place("second")
    turn = ours.wait("second")
    theirs.hold(-LIMIT)
    await asyncio.wait_for(turn, 5)


async def test_the_first_of_each_process_goes_on() -> None:
    ours, theirs = _rooms(2)
    theirs.hold(LIMIT + 1)
    assert ours.has_place("ours")
    assert theirs.has_place("theirs")


async def test_one_who_gave_up_is_passed_over() -> None:
    (room,) = _rooms(1)
    room.hold(LIMIT + 1)
    for number in range(3):
        assert room.has_place(number) is (number == 0)
    given_up, turn = room.wait(1), room.wait(2)
    given_up.cancel()
    room.leave(1)
    room.leave(0)
    await asyncio.wait_for(turn, 5)


async def test_the_line_is_bounded() -> None:
    (room,) = _rooms(1)
    room.hold(LIMIT + 1)
    assert room.has_place(0)
    joined = 0
    while not room.is_crowded:
        joined += 1
        room.has_place(joined)
    assert joined * PIECE <= LIMIT // 4 + PIECE
