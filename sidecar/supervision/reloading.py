# SPDX-License-Identifier: Apache-2.0
"""Another set of rules while the proxy runs: it holds in every worker at once, or in none.

    SIGHUP, or a change of the files → read → (all workers) prove → keep its version → all commit

Whatever goes wrong on the way leaves what held before in force, and is told in the log, in metrics
and in the detail of /readyz. A file that is deleted, empty or unreadable is wrong like any other.
Certificates are read again with every set; with the one in force where another is rejected.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

from sidecar.config import Config, RemoteKms
from sidecar.errors import Misconfigured
from sidecar.plurals import counted
from sidecar.proxy.settings import Forward, Upstream
from sidecar.rules import Offered, RuleSet
from sidecar.rules.trust import signature_path
from sidecar.supervision import watching
from sidecar.supervision.fleet import Fleet, NoneServes
from sidecar.telemetry import LifeStats

logger = logging.getLogger(__name__)

AGAIN_SECONDS = 1.0
"""Before another try when no worker serves."""


class Reloading:
    """Brings into force what stands in the files of `config`, on demand and when they change."""

    def __init__(self, config: Config, path: Path, fleet: Fleet, life: LifeStats) -> None:
        self.in_force: Offered | None = None
        """The set that holds; None before there is one."""
        self.rejected: dict[str, str] | None = None
        """Why the last set was rejected, and when; None after one that was not."""
        self._config, self._path = config, path
        self._fleet, self._life = fleet, life
        self._asked = asyncio.Event()
        self._watched = tuple(_files_of(config))
        self._known = watching.look(self._watched), watching.look((path,))

    async def start(self, offered: Offered, open_up: Callable[[], None]) -> None:
        """Let the fleet start with `offered`; `open_up` is called once all have proved it."""

        def accept() -> None:
            self._config.rules.accept(offered)
            open_up()

        await self._fleet.start(offered.files, accept)
        self.in_force = offered

    def ask(self) -> None:
        """Reload soon, whether anything has changed or not."""
        self._asked.set()

    async def run(self) -> None:
        """Reload whenever it is asked for; never ends by itself."""
        async with asyncio.TaskGroup() as watchers:
            watchers.create_task(self._watch())
            watchers.create_task(self._watch_configuration())
            while True:
                await self._asked.wait()
                self._asked.clear()
                await self._reload()

    async def _read(self) -> Offered:
        """The rules as they stand now, read beside the loop: many of them take seconds."""
        return await asyncio.to_thread(self._config.rules.read)

    async def _is_late(self) -> bool:
        """Whether the rules have changed while those before were still being proved."""
        assert self.in_force is not None  # noqa: S101 - `start` came first
        try:
            return (await self._read()).files != self.in_force.files
        except Exception:  # noqa: BLE001 - the reload will tell
            return True

    async def _watch(self) -> None:
        known = () if await self._is_late() else self._known[0]
        async with aclosing(watching.changes(self._watched, known)) as changes:
            async for _ in changes:
                self.ask()

    async def _watch_configuration(self) -> None:
        async with aclosing(watching.changes((self._path,), self._known[1])) as changes:
            async for _ in changes:
                logger.warning(
                    "%s has changed; rules and certificates are reloaded, it is not: restart",
                    self._path,
                )

    async def _reload(self) -> None:
        try:
            offered = await self._read()
            await self._fleet.offer(offered.files, lambda: self._config.rules.accept(offered))
        except NoneServes:
            logger.error("rules wait until a worker serves that can prove them")  # noqa: TRY400 - all of it
            asyncio.get_running_loop().call_later(AGAIN_SECONDS, self.ask)
        except Misconfigured as error:
            await self._reject(error.why)
        except Exception as error:
            logger.exception("reading rules failed")
            await self._reject(f"they cannot be read: {type(error).__name__}")
        else:
            self._life.reloads["accepted"] += 1
            self._life.is_rejected = False
            self.rejected = None
            self.in_force = offered
            logger.info("reloaded: %s", describe(offered.rule_set))

    async def _reject(self, why: str) -> None:
        self._life.reloads["rejected"] += 1
        self._life.is_rejected = True
        self.rejected = {"why": why, "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
        logger.error("rules rejected, those before stay in force: %s", why)
        await self._renew_certificates()

    async def _renew_certificates(self) -> None:
        assert self.in_force is not None  # noqa: S101 - `start` came first
        try:
            await self._fleet.offer(self.in_force.files, _nothing)
        except Misconfigured as error:
            logger.error("certificates stay as they were: %s", error.why)  # noqa: TRY400 - likewise


def describe(rule_set: RuleSet) -> str:
    """How many rules, and which edition."""
    return f"{counted(len(rule_set.rules), 'rule')} in force (digest {rule_set.digest[:12]})"


def _nothing() -> None:
    """Nothing is to be kept of a set that holds already."""


def _files_of(config: Config) -> Iterator[Path]:
    yield config.rules.path
    yield signature_path(config.rules.path)
    if config.rules.trust is not None:
        yield config.rules.trust.keys
    shown = [each.tls for each in config.listeners if each.tls]
    upstreams: list[Upstream | Forward] = [each.upstream for each in config.listeners]
    if isinstance(config.kms, RemoteKms):
        upstreams.append(config.kms.upstream)
    of_shown = ((tls.cert, tls.key, tls.client_ca) for tls in shown)
    of_upstreams = ((each.ca, each.client_cert, each.client_key) for each in upstreams)
    for files in (*of_shown, *of_upstreams):
        yield from filter(None, files)
