# SPDX-License-Identifier: Apache-2.0
"""Data come once and in order, whichever way each piece takes."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.proxy.shortcut import Shortcut


@given(st.lists(st.sampled_from(["data", "run", "stop", "go"]), max_size=40))
@settings(max_examples=60)
def test_everything_arrives_once_and_in_order(steps: list[str]) -> None:
    sent, came, direct = asyncio.run(_play(steps))
    assert came == sent
    assert direct <= sent.count(b".")


async def _play(steps: list[str]) -> tuple[bytes, bytes, int]:
    reader = asyncio.StreamReader()
    came = bytearray()
    direct = 0
    is_open = True

    def receive(data: bytes) -> None:
        nonlocal direct
        direct += 1
        came.extend(data)

    async def consume() -> None:
        while data := await shortcut.read():
            await asyncio.sleep(0)  # as one that waits for a slow peer
            came.extend(data)

    shortcut = Shortcut(reader, receive, lambda: is_open)
    task = asyncio.create_task(consume())
    sent = b""
    for step in steps:
        if step == "data":
            piece = b"%d." % len(sent)
            sent += piece
            reader.feed_data(piece)
        elif step == "run":
            for _ in range(3):
                await asyncio.sleep(0)
        else:
            is_open = step == "go"
    reader.feed_eof()
    await task
    return sent, bytes(came), direct


async def test_one_who_waits_gets_it_at_once_and_none_after_the_end() -> None:
    reader = asyncio.StreamReader()
    came: list[bytes] = []
    shortcut = Shortcut(reader, came.append, lambda: True)
    task = asyncio.create_task(shortcut.read())
    await asyncio.sleep(0)
    reader.feed_data(b"direct")
    assert came == [b"direct"]
    shortcut.end()
    reader.feed_data(b"queued")
    assert await task == b"queued"
    assert came == [b"direct"]
