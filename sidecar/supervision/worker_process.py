# SPDX-License-Identifier: Apache-2.0
"""One worker as its supervisor sees it: a child process at the other end of a channel."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Sequence
from typing import Self

from sidecar.errors import Misconfigured, SidecarError
from sidecar.own_module import OWN_MODULE
from sidecar.supervision.channel import Channel, to_worker
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
    ToSupervisor,
    ToWorker,
)
from sidecar.telemetry import Reading

logger = logging.getLogger(__name__)

PREPARE_SECONDS = 120.0
"""For a worker to import, to ask the KMS for everything, and to say so."""
ANSWER_SECONDS = 30.0
"""For anything else; the worst lawful message keeps a worker busy for about a second."""


type Answer = Prepared | Rejected | Committed


class WorkerLost(SidecarError):
    """A worker ended, or does not answer; `why` says which."""


class WorkerProcess:
    """A child that runs, or has ended. Its methods raise WorkerLost when it is gone or silent."""

    def __init__(self, process: Process, channel: Channel[ToSupervisor, ToWorker]) -> None:
        self.is_leaving = asyncio.Event()
        """It accepts no more, or has ended."""
        self.readings: list[Reading] = []
        """What it counted, as of its last report."""
        self._process = process
        self._channel = channel
        self._answer: tuple[int, asyncio.Future[Answer]] | None = None
        self._reported = asyncio.Event()
        self._receiving = asyncio.create_task(self._receive())

    @classmethod
    async def start(cls, begin: Begin, place: Sequence[int]) -> Self:
        """Start one that reads `begin`; `place` is its tally: descriptor, rows and its own row."""
        doors = [number for listener in begin.descriptors for number in listener]
        try:
            ours, its = socket.socketpair()
            ours.setblocking(False)  # noqa: FBT003 - its only argument
            with its:
                process = await asyncio.create_subprocess_exec(
                    *(*OWN_MODULE, "sidecar.supervision.worker"),
                    *map(str, (its.fileno(), *place)),
                    pass_fds=(its.fileno(), place[0], *doors),
                    stdin=DEVNULL,
                    stdout=DEVNULL,
                    start_new_session=True,  # Ctrl-C reaches the supervisor alone, which drains
                )
            worker = cls(process, await to_worker(ours))
        except OSError as error:  # no descriptor, process or memory is left
            raise WorkerLost(f"no process can be started: {error.strerror}") from None
        worker._channel.send(begin)
        return worker

    @property
    def pid(self) -> int:
        return self._process.pid

    async def prepare(self, prepare: Prepare) -> None:
        """Let it prove a set of rules; Misconfigured with its sentence when it rejects the set."""
        answer = await self._ask(prepare, prepare.generation, PREPARE_SECONDS)
        if isinstance(answer, Rejected):
            raise Misconfigured(answer.why)

    async def commit(self, commit: Commit) -> None:
        """Let it go by the set that it has prepared."""
        await self._ask(commit, commit.generation, ANSWER_SECONDS)

    async def report(self, seconds: float = ANSWER_SECONDS) -> None:
        """Bring `readings` up to date."""
        self._reported.clear()
        self._channel.send(Report())
        try:
            await asyncio.wait_for(self._reported.wait(), seconds)
        except TimeoutError:
            raise WorkerLost(f"worker {self.pid} does not answer") from None

    def drain(self) -> None:
        """Let it finish what is under way and end."""
        self._channel.send(Drain())

    def cut(self) -> None:
        """Let it reset every connection and end at once."""
        self._channel.send(Cut())

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def ended(self, patience: float) -> int:
        """Its exit code, once it has ended and its last words were read.

        One that leaves and takes longer than `patience` for it is killed.
        """
        await self.is_leaving.wait()
        try:
            await asyncio.wait_for(self._process.wait(), patience)
        except TimeoutError:
            logger.error("worker %d does not end; it is killed", self.pid)  # noqa: TRY400 - that is all there is
            self.kill()
        code = await self._process.wait()
        await self._receiving
        return code

    async def _ask(self, message: ToWorker, generation: int, seconds: float) -> Answer:
        answer = asyncio.get_running_loop().create_future()
        self._answer = generation, answer
        if self._receiving.done():
            raise self._lost()
        self._channel.send(message)
        try:
            return await asyncio.wait_for(answer, seconds)
        except TimeoutError:
            raise WorkerLost(f"worker {self.pid} does not answer") from None

    async def _receive(self) -> None:
        while (message := await self._channel.receive()) is not None:
            if isinstance(message, Reported):
                self.readings = message.readings
                self._reported.set()
            elif isinstance(message, Leaving):
                self.is_leaving.set()
            else:
                self._answered(message.generation, message)
        self.is_leaving.set()
        self._reported.set()
        if self._answer is not None:
            self._answered(self._answer[0], self._lost())
        self._channel.close()

    def _answered(self, generation: int, answer: Answer | WorkerLost) -> None:
        if self._answer is None or self._answer[0] != generation or self._answer[1].done():
            return  # the answer to a question that nobody waits for any more
        if isinstance(answer, WorkerLost):
            self._answer[1].set_exception(answer)
        else:
            self._answer[1].set_result(answer)

    def _lost(self) -> WorkerLost:
        return WorkerLost(f"worker {self.pid} ended; its messages above may say why")
