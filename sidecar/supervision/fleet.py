# SPDX-License-Identifier: Apache-2.0
"""The workers of one proxy: as many as are wanted, all going by one set of rules.

A set holds in two steps, at start and at every reload: each worker prepares it, which is to prove
all of it, keys and certificates included; once all have, all commit. A worker that is started
again prepares the set in force before it serves, and once more when another has come meanwhile.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from sidecar.errors import Misconfigured, SidecarError
from sidecar.proxy.tally import Tally
from sidecar.rules import RuleFile
from sidecar.supervision.messages import Begin, Commit, Prepare
from sidecar.supervision.worker_process import WorkerLost, WorkerProcess
from sidecar.telemetry import Totals

logger = logging.getLogger(__name__)

REPORT_SECONDS = 2.0
"""Between two reports; what a worker counted since the last is lost when it is killed."""
SCRAPE_SECONDS = 1.0
"""For a report that /metrics waits for; else the last one is told."""
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 10.0
"""Between two starts of a worker that does not stay; doubled from the first to the longest."""
CUT_SECONDS = 2.0
HEALTHY_SECONDS = 30.0
"""One that served for so long begins with the first pause again."""
_NOT_STARTED = "a worker could not be started: %s"


class NoneServes(Misconfigured):
    """No worker serves at this time, so none can prove anything; trying again may help."""


class Fleet:
    """Workers at the places of a tally, of which there are two for each wanted worker.

    One may still finish what is under way while the next already serves, for `patience` seconds.
    """

    def __init__(
        self, begin: Begin, wanted: int, memory: int, patience: float, totals: Totals
    ) -> None:
        self.serving: set[WorkerProcess] = set()
        self.wanted = wanted
        self._begin = begin
        self._memory = memory
        self._patience = patience
        self._rows = rows(wanted)
        self._free = list(range(self._rows))
        self._tally = Tally(self._rows, memory)
        self._life, self._totals = totals.life, totals
        self._in_force = Prepare(0, [])
        self._offers = 0
        self._offering = asyncio.Lock()
        self._ends = False
        self._living: dict[WorkerProcess, asyncio.Task[None]] = {}
        self._keepers: set[asyncio.Task[None]] = set()

    async def start(self, files: tuple[RuleFile, ...], accept: Callable[[], None]) -> None:
        """Start all and let them serve; Misconfigured with the sentence of the first that cannot.

        `accept` is called once all have proved `files`, before any goes by them.
        """
        prepare = self._next(files)
        try:
            fresh = [await self._start_one() for _ in range(self.wanted)]
            await _all(worker.prepare(prepare) for worker in fresh)
            accept()
            await _all(worker.commit(Commit(prepare.generation)) for worker in fresh)
        except SidecarError as error:
            raise Misconfigured(error.why) from None
        self._in_force = prepare
        for worker in fresh:
            self.serving.add(worker)
            keeper = asyncio.create_task(self._keep(worker))
            self._keepers.add(keeper)
        self._life.serving = len(self.serving)

    async def offer(self, files: tuple[RuleFile, ...], accept: Callable[[], None]) -> None:
        """Let all that serve go by `files`, or none: then Misconfigured says why not.

        `accept` is called once all have proved them.
        """
        async with self._offering:
            prepare = self._next(files)
            voters = set(self.serving)
            await _all(_prove(worker, prepare) for worker in voters)
            if not voters & self.serving:
                raise NoneServes("no worker serves that could prove these rules")
            accept()
            self._in_force = prepare
            await _all(_commit(worker, Commit(prepare.generation)) for worker in voters)

    async def report(self) -> None:
        """Bring the totals up to date, as far as workers answer soon."""
        asked = [self._report(worker, SCRAPE_SECONDS) for worker in self.serving]
        await asyncio.gather(*asked, return_exceptions=True)

    async def drain(self) -> None:
        """Let every worker finish what is under way; kill what has not ended in time."""
        await self._end(self._patience)

    async def cut(self) -> None:
        """Let every worker reset its connections and end."""
        for worker in self._living:
            worker.cut()
        await self._end(CUT_SECONDS)

    async def _end(self, seconds: float) -> None:
        self._ends = True
        for keeper in self._keepers:
            keeper.cancel()
        for worker in self._living:
            worker.drain()
        if self._living:
            await asyncio.wait(self._living.values(), timeout=seconds)
        for worker in self._living:
            worker.kill()
        if self._living:
            await asyncio.wait(self._living.values())

    def _next(self, files: tuple[RuleFile, ...]) -> Prepare:
        self._offers += 1
        return Prepare.of(self._offers, files)

    async def _start_one(self) -> WorkerProcess:
        row = self._free.pop(0)
        try:
            worker = await WorkerProcess.start(self._begin, (self._memory, self._rows, row))
        except WorkerLost:
            self._free.append(row)
            raise
        self._living[worker] = asyncio.create_task(self._bury(worker, row))
        return worker

    async def _bury(self, worker: WorkerProcess, row: int) -> None:
        """See a worker to its end, and keep what it counted."""
        code = await worker.ended(self._patience)
        del self._living[worker]
        self._totals.put(worker, worker.readings)
        self._totals.retire(worker)
        self._tally.clear(row)
        self._free.append(row)
        if not self._ends:
            self._life.ends["crashed" if code else "orderly"] += 1
            logger.log(
                logging.ERROR if code else logging.INFO,
                "worker %d ended with code %d",
                worker.pid,
                code,
            )

    async def _keep(self, worker: WorkerProcess) -> None:
        """Have one worker serve at all times, `worker` first."""
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            await self._watch(worker)
            if time.monotonic() - began > HEALTHY_SECONDS:
                pause = FIRST_PAUSE
            while True:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                found = await self._replacement()
                if found is not None:
                    worker = found
                    break

    async def _watch(self, worker: WorkerProcess) -> None:
        """Hear from a worker that serves until it serves no more."""
        leaving = asyncio.create_task(worker.is_leaving.wait())
        try:
            while not leaving.done():
                await self._report(worker)
                await asyncio.wait((leaving,), timeout=REPORT_SECONDS)
        except WorkerLost as error:
            logger.error("%s; it is killed", error.why)  # noqa: TRY400 - that is all there is
            worker.kill()
        finally:
            leaving.cancel()
            self.serving.discard(worker)
            self._life.serving = len(self.serving)
        if not self.serving:
            logger.error("no worker serves now")

    async def _report(self, worker: WorkerProcess, *seconds: float) -> None:
        await worker.report(*seconds)
        if not worker.is_leaving.is_set():  # what it says last is counted when it is buried
            self._totals.put(worker, worker.readings)

    async def _replacement(self) -> WorkerProcess | None:
        """Another worker that serves; None when there could be none."""
        if not self._free:
            return None
        try:
            worker = await self._start_one()
        except WorkerLost as error:
            logger.error(_NOT_STARTED, error.why)  # noqa: TRY400 - that is all there is
            return None
        try:
            await self._let_serve(worker)
        except SidecarError as error:
            logger.error(_NOT_STARTED, error.why)  # noqa: TRY400 - likewise
            worker.kill()
            return None
        return worker

    async def _let_serve(self, worker: WorkerProcess) -> None:
        while True:
            prepare = self._in_force
            await worker.prepare(prepare)
            async with self._offering:  # no other set comes into force meanwhile
                if prepare is self._in_force:
                    await worker.commit(Commit(prepare.generation))
                    self.serving.add(worker)
                    self._life.serving = len(self.serving)
                    return


async def _all(steps: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Take all steps to their end; raise the first error."""
    for outcome in await asyncio.gather(*steps, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


async def _prove(worker: WorkerProcess, prepare: Prepare) -> None:
    try:
        await worker.prepare(prepare)
    except WorkerLost as error:
        if not worker.is_leaving.is_set():
            raise Misconfigured(error.why) from None


async def _commit(worker: WorkerProcess, commit: Commit) -> None:
    try:
        await worker.commit(commit)
    except WorkerLost as error:
        logger.error("%s; it is killed", error.why)  # noqa: TRY400 - it would go by older rules
        worker.kill()


def rows(wanted: int) -> int:
    """How many rows the tally of so many workers has."""
    return 2 * wanted
