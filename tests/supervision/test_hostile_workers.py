# SPDX-License-Identifier: Apache-2.0
"""Workers that hang, talk nonsense or cannot be started: they harm nobody but themselves."""

import asyncio
import contextlib
import os
import resource
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from sidecar.proxy import doors
from sidecar.proxy.tally import shared_memory
from sidecar.rules import RuleFile
from sidecar.supervision.channel import to_worker
from sidecar.supervision.messages import Begin, Commit, Prepare
from sidecar.supervision.worker_process import WorkerLost, WorkerProcess
from tests.cli.installed import Running, until
from tests.fixtures.kms import RunningKms

IMPOSTOR = """
import signal, socket, sys
voice = socket.socket(fileno=int(sys.argv[1]))
voice.sendall(bytes.fromhex(sys.argv[2]))
signal.pause()
"""


@contextlib.asynccontextmanager
async def _impostor(*messages: bytes) -> AsyncIterator[WorkerProcess]:
    """A worker that says this, reads nothing and never ends by itself."""
    ours, its = socket.socketpair()
    words = b"".join(len(message).to_bytes(4) + message for message in messages)
    with its:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", IMPOSTOR, str(its.fileno()), words.hex()),
            pass_fds=(its.fileno(),),
        )
    seen = WorkerProcess(child, await to_worker(ours))
    yield seen
    seen.kill()
    await seen.ended(1)


async def test_one_that_leaves_and_does_not_end_is_killed() -> None:
    """Else its place would be taken for ever, and after a few of them no other be started."""
    async with _impostor(b'{"type": "Leaving"}') as seen:
        assert await seen.ended(0.1) == -signal.SIGKILL


@pytest.mark.parametrize(
    "nonsense",
    [
        b'{"type": "Leaving", "x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"type": "Rejected", "generation": 1, "why": "\xff"}',
        b'{"type": "Prepared", "generation": "one"}',
        b"\x00",
    ],
)
async def test_one_that_talks_nonsense_counts_as_gone(nonsense: bytes) -> None:
    async with _impostor(nonsense) as seen:
        with pytest.raises(WorkerLost):
            await seen.commit(Commit(1))
        assert seen.is_leaving.is_set()
        assert await seen.ended(0.1) == -signal.SIGKILL


async def test_one_that_reads_nothing_makes_nobody_wait() -> None:
    """Its supervisor must still hear signals and operators, whatever it has to tell the worker."""
    async with _impostor() as seen:
        large = Prepare(1, [("rules.yaml", b"#" * 4_000_000)])
        asking = asyncio.create_task(seen.prepare(large))
        await asyncio.sleep(0)
        with pytest.raises(WorkerLost, match="does not answer"):
            await seen.report(0.1)
        seen.drain()
        seen.cut()
        seen.kill()
        with pytest.raises(WorkerLost):
            await asking


@pytest.fixture
def begin(config: Path, kms: RunningKms) -> Begin:
    """What a worker is told first; the listener has no socket yet."""
    return Begin(str(config), config.read_bytes(), kms.endpoint, [], ("127.0.0.1", 1))


@pytest.fixture
async def worker(begin: Begin) -> AsyncIterator[WorkerProcess]:
    async with _started(begin) as started:
        yield started


@contextlib.asynccontextmanager
async def _started(begin: Begin) -> AsyncIterator[WorkerProcess]:
    """A real one, with this test for its supervisor."""
    bound, memory = doors.bind("127.0.0.1", 0), shared_memory(1)
    doors.open_up(bound)
    sockets = [[door.fileno() for door in bound]]
    begin = msgspec.structs.replace(begin, descriptors=sockets)
    started = await WorkerProcess.start(begin, (memory, 1, 0))
    yield started
    started.kill()
    await started.ended(10)
    doors.close(bound)
    os.close(memory)


async def test_only_what_was_prepared_last_is_committed(
    worker: WorkerProcess, config: Path
) -> None:
    """A worker that went by another set than all others would seal other fields than they do."""
    rules = config.with_name("rules.yaml")
    old = RuleFile(rules, rules.read_bytes())
    new = RuleFile(rules, old.data.replace(b"ssn: sealed", b"mail: sealed"))
    late = asyncio.create_task(worker.prepare(Prepare.of(1, (old,))))
    await asyncio.sleep(0)
    late.cancel()
    await worker.prepare(Prepare.of(2, (new,)))
    await worker.commit(Commit(2))
    with pytest.raises(WorkerLost):
        await worker.commit(Commit(1))


async def test_no_module_that_lies_in_the_folder_is_run_by_it(
    begin: Begin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would have the keys: whoever can write where a proxy is started would read all values."""
    canary = tmp_path / "canary"
    (tmp_path / "sidecar").mkdir()
    for name in ("sidecar/__init__.py", "json.py", "base64.py"):
        (tmp_path / name).write_text(f"open({str(canary)!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    async with _started(begin) as worker:
        await worker.report()
    assert not canary.exists()


def test_a_worker_that_hangs_holds_up_neither_operators_nor_the_end(config: Path) -> None:
    with Running(config) as proxy:
        hanging, _ = proxy.workers()
        rules = config.with_name("rules.yaml")
        text = rules.read_text()
        proved = proxy.log.read_text().count("proved")
        os.kill(hanging, signal.SIGSTOP)
        rules.write_text(text + "#" * 400_000)
        try:
            proxy.process.send_signal(signal.SIGHUP)
            until(lambda: proxy.log.read_text().count("proved") > proved)
            assert proxy.metric("sidecar_workers_serving") == 2
            proxy.process.send_signal(signal.SIGTERM)
            until(lambda: proxy.readiness()["status"] == "draining")
            proxy.process.send_signal(signal.SIGTERM)
            assert proxy.wait() == 0, proxy.log.read_text()
        finally:
            rules.write_text(text)


def test_a_worker_is_started_when_there_is_room_for_it_again(config: Path) -> None:
    """No descriptor, process or memory left: a supervisor that gave up then would never recover."""
    with Running(config) as proxy:
        victim, _ = proxy.workers()
        with _no_descriptor_for(proxy.process.pid):
            os.kill(victim, signal.SIGKILL)
            until(lambda: "no process can be started" in proxy.log.read_text())
        until(lambda: len(proxy.workers()) == 2)
        assert victim not in proxy.workers()


@contextlib.contextmanager
def _no_descriptor_for(pid: int) -> Iterator[None]:
    """Inside, that process can open nothing."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
