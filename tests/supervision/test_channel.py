# SPDX-License-Identifier: Apache-2.0
"""Messages arrive as they were sent; an end, and nonsense, are an end."""

import asyncio
import socket
from pathlib import Path

import pytest

from sidecar.rules import RuleFile
from sidecar.supervision.channel import MAX_LENGTH, to_supervisor, to_worker
from sidecar.supervision.messages import (
    Begin,
    Commit,
    Committed,
    Cut,
    Drain,
    Leaving,
    Prepare,
    Prepared,
    Rejected,
    Report,
    Reported,
)
from sidecar.telemetry import Reading

FILES = (RuleFile(Path("/rules/a.yaml"), b"version: 1\n\xff\x00"),)
TO_WORKER = (
    Begin(
        "/etc/sidecar.yaml",
        b"rules: r\n\xff",
        "http://127.0.0.1:1",
        [[3, 4], [5]],
        ("127.0.0.1", 9901),
    ),
    Prepare.of(7, FILES),
    Commit(7),
    Report(),
    Drain(),
    Cut(),
)
TO_SUPERVISOR = (
    Prepared(7),
    Rejected(7, "a.yaml:1:2: “nothing”"),
    Committed(7),
    Reported([Reading("sidecar_x_total", ("a", "b"), 2.0)]),
    Leaving(),
)


@pytest.fixture
async def ends():
    ours, theirs = socket.socketpair()
    supervisor, worker = await to_worker(ours), await to_supervisor(theirs)
    yield supervisor, worker
    supervisor.close()
    worker.close()


async def test_every_message_arrives_as_it_was_sent(ends) -> None:
    supervisor, worker = ends
    for message in TO_WORKER:
        supervisor.send(message)
        assert await worker.receive() == message
    for message in TO_SUPERVISOR:
        worker.send(message)
        assert await supervisor.receive() == message
    assert TO_WORKER[1].rule_files() == FILES


async def test_a_large_set_of_rules_arrives(ends) -> None:
    supervisor, worker = ends
    message = Prepare(1, [("a.yaml", b"#" * 8_000_000)])
    supervisor.send(message)
    assert await worker.receive() == message


async def test_what_was_sent_last_arrives() -> None:
    """A worker says how much it counted, and ends."""
    ours, theirs = socket.socketpair()
    supervisor, worker = await to_worker(ours), await to_supervisor(theirs)
    message = Reported(
        [Reading("sidecar_x_total", (f"{number}",), 1.0) for number in range(50_000)]
    )
    worker.send(message)
    finishing = asyncio.create_task(worker.finish())
    assert await supervisor.receive() == message
    await finishing
    assert await supervisor.receive() is None
    supervisor.close()


async def test_the_end_of_one_side_is_the_end(ends) -> None:
    supervisor, worker = ends
    worker.close()
    assert await supervisor.receive() is None
    supervisor.send(Report())
    worker.send(Leaving())


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x00\x00\x02{]",
        b'\x00\x00\x00\x0f{"type":"Other"}',
        (MAX_LENGTH + 1).to_bytes(4) + b"x",
        b"\x00\x00",
    ],
)
async def test_nonsense_is_an_end(data: bytes) -> None:
    ours, theirs = socket.socketpair()
    channel = await to_worker(ours)
    theirs.sendall(data)
    theirs.close()
    assert await channel.receive() is None
    channel.close()
