# SPDX-License-Identifier: Apache-2.0
"""The process that `sidecar run` starts: it binds, starts workers, watches, reloads and drains.

It has no key and serves nobody but operators. Whatever becomes of a worker, clients wait at doors
that this process holds open; when it ends, in whatever way, its workers end as well.
"""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from sidecar import kms_access
from sidecar.config import Config
from sidecar.proxy import doors
from sidecar.proxy.admin import Pages, admin_server
from sidecar.proxy.tally import shared_memory
from sidecar.rules import Offered
from sidecar.supervision.fleet import Fleet, rows
from sidecar.supervision.messages import Begin
from sidecar.supervision.reloading import Reloading
from sidecar.telemetry import CONTENT_TYPE, LifeStats, Totals

END_SECONDS = 10.0
"""For a worker to end beyond its drain; then it is killed."""


class Source(NamedTuple):
    """What a configuration was read from."""

    path: Path
    document: bytes


type State = Literal["starting", "ready", "draining"]


class Addresses(NamedTuple):
    """Where everything is, with the ports that it really has."""

    listeners: tuple[tuple[str, int], ...]
    admin: tuple[str, int]
    kms: str


class Signals:
    """What is asked for: SIGHUP to reload, SIGTERM or SIGINT to drain, and once more to cut."""

    def __init__(self) -> None:
        self.reload: Callable[[], None] = _ignore
        self.stop = asyncio.Event()
        self.cut = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)

    def _hang_up(self) -> None:
        self.reload()

    def _end(self) -> None:
        (self.cut if self.stop.is_set() else self.stop).set()


async def supervise(
    config: Config,
    source: Source,
    offered: Offered,
    announce: Callable[[Addresses], None],
) -> None:
    """Serve by `offered`, and what comes after it, until told to stop.

    `announce` is told once clients may come.

    Raises:
        Misconfigured: Something cannot be proved; nothing has listened.
    """
    signals = Signals()
    async with AsyncExitStack() as stack:
        answering = stack.enter_async_context(kms_access.running(config.kms))
        kms = await _unless(signals.stop, answering)
        if kms is None:
            return
        bound = stack.enter_context(_bound(config))
        memory = shared_memory(rows(config.workers))
        stack.callback(os.close, memory)
        life = LifeStats()
        totals = Totals(life)
        sockets = [[door.fileno() for door in each] for each in bound]
        # Nobody is answered before the next wait, and then there is a supervisor.
        pages = Pages(
            lambda: supervisor.readiness(),  # noqa: PLW0108 - it is made below
            lambda: supervisor.metrics(),  # noqa: PLW0108 - likewise
            CONTENT_TYPE,
        )
        admin = await stack.enter_async_context(admin_server(config.admin, pages))
        begin = Begin(str(source.path), source.document, kms, sockets, admin)
        patience = config.limits.drain_seconds + END_SECONDS
        fleet = Fleet(begin, config.workers, memory, patience, totals)
        reloading = Reloading(config, source.path, fleet, life)
        supervisor = _Supervisor(bound, fleet, reloading, totals)
        await supervisor.run(signals, offered, lambda: announce(_addresses(bound, admin, kms)))


def _addresses(bound: list[list[socket.socket]], admin: tuple[str, int], kms: str) -> Addresses:
    return Addresses(tuple(each[0].getsockname()[:2] for each in bound), admin, kms)


@contextmanager
def _bound(config: Config) -> Iterator[list[list[socket.socket]]]:
    bound: list[list[socket.socket]] = []
    try:
        bound.extend(doors.bind(each.host, each.port) for each in config.listeners)
        yield bound
    finally:
        for each in bound:
            doors.close(each)


class _Supervisor:
    """One life, from the first proof to the last worker's end."""

    def __init__(
        self,
        bound: list[list[socket.socket]],
        fleet: Fleet,
        reloading: Reloading,
        totals: Totals,
    ) -> None:
        self._bound = bound
        self._fleet, self._reloading, self._totals = fleet, reloading, totals
        self._state: State = "starting"

    async def run(self, signals: Signals, offered: Offered, announce: Callable[[], None]) -> None:
        try:
            await _unless(signals.stop, self._reloading.start(offered, self._open_up))
            if not signals.stop.is_set():
                self._state = "ready"
                announce()
                signals.reload = self._reloading.ask
                await _unless(signals.stop, self._reloading.run())
        finally:
            self._state = "draining"
            for each in self._bound:
                doors.close(each)
            await _unless(signals.cut, self._fleet.drain())
            if signals.cut.is_set():
                await self._fleet.cut()

    def _open_up(self) -> None:
        for each in self._bound:
            doors.open_up(each)

    def readiness(self) -> tuple[bool, dict[str, Any]]:
        serving = sorted(worker.pid for worker in self._fleet.serving)
        rules = self._reloading
        is_ready = self._state == "ready" and bool(serving)
        detail: dict[str, Any] = {
            "status": "unready" if self._state == "ready" and not serving else self._state,
            "workers": {"wanted": self._fleet.wanted, "serving": serving},
        }
        if rules.in_force is not None:
            detail["rules"] = _told(rules.in_force)
        if rules.rejected is not None:
            detail["rejected"] = rules.rejected
        return is_ready, detail

    async def metrics(self) -> bytes:
        await self._fleet.report()
        return self._totals.exposition()


def _told(offered: Offered) -> dict[str, Any]:
    """Which set it is; its version, where it had to be signed."""
    told = {"digest": offered.rule_set.digest, "count": len(offered.rule_set.rules)}
    return told if offered.signed is None else {**told, "version": offered.signed.version}


async def _unless[T](event: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What comes of `work`; None where `event` comes first, which cancels it."""
    doing = asyncio.create_task(work)
    waiting = asyncio.create_task(event.wait())
    try:
        await asyncio.wait((doing, waiting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        if not doing.done():
            doing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await doing
    return None if doing.cancelled() else doing.result()


def _ignore() -> None:
    """A reload while the first set is still being proved."""
