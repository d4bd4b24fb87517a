# SPDX-License-Identifier: Apache-2.0
"""The process that serves: `python -m sidecar.supervision.worker`, started by a supervisor alone.

It holds the keys and the clients. It does what its supervisor tells it (`messages`), and ends in
good order on Drain, on SIGTERM, and when its supervisor is gone.
"""

import asyncio
import logging
import signal
import socket
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import uvloop

from sidecar import core_dumps, kms_access, logs
from sidecar.config import Config, read_config
from sidecar.errors import Misconfigured
from sidecar.proxy.host import InForce
from sidecar.proxy.tally import Tally
from sidecar.rules import RuleSet, parse_rules
from sidecar.serving import Doors, Parts, assembled, fit, prove
from sidecar.supervision.channel import Channel, to_supervisor
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
from sidecar.telemetry import Reading, Sources, read
from sidecar.transform import Transform

logger = logging.getLogger(__name__)


class Next(NamedTuple):
    """A set of rules that was proved, and what goes by it once it is committed."""

    generation: int
    rule_set: RuleSet
    transform: Transform
    in_force: InForce


class Worker:
    """What one process does between its first message and its end."""

    def __init__(
        self, channel: Channel[ToWorker, ToSupervisor], begin: Begin, tally: Tally
    ) -> None:
        self._channel = channel
        self._begin = begin
        self._tally = tally
        self._leave = asyncio.Event()
        self._ends = AsyncExitStack()
        self._config: Config
        self._parts: Parts | None = None
        self._next: Next | None = None
        self._serves = False
        self._preparing: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Serve until it is time to leave, then finish what is under way."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._leave.set)
        listening = asyncio.create_task(self._listen())
        async with self._ends:
            await self._leave.wait()
            self._channel.send(Leaving())
            if self._preparing is not None:
                self._preparing.cancel()
        self._channel.send(Reported(self._readings()))
        listening.cancel()
        await self._channel.finish()

    async def _listen(self) -> None:
        try:
            while (message := await self._channel.receive()) is not None:
                await self._obey(message)
        finally:
            self._leave.set()  # nobody would reload or restart it any more

    async def _obey(self, message: ToWorker) -> None:
        if isinstance(message, Prepare):
            # The KMS may be slow; meanwhile reports are given.
            if self._preparing is not None:
                self._preparing.cancel()  # nobody waits for that one any more
            self._preparing = asyncio.create_task(self._prepare(message))
        elif isinstance(message, Commit):
            await self._commit(message.generation)
            self._channel.send(Committed(message.generation))
        elif isinstance(message, Report):
            self._channel.send(Reported(self._readings()))
        elif isinstance(message, Drain):
            self._leave.set()
        elif isinstance(message, Cut) and self._parts is not None:
            self._parts.host.cut()

    async def _prepare(self, message: Prepare) -> None:
        answer: Prepared | Rejected = Prepared(message.generation)
        try:
            rule_set = parse_rules(message.rule_files())
            self._next = await self._prove(message.generation, rule_set)
        except Misconfigured as error:
            answer = Rejected(message.generation, error.why)
        except Exception as error:
            logger.exception("preparing a set of rules failed")
            answer = Rejected(message.generation, f"a worker failed: {type(error).__name__}")
        self._channel.send(answer)

    async def _prove(self, generation: int, rule_set: RuleSet) -> Next:
        if self._parts is None:
            parts = self._parts = await self._assemble(rule_set)
            transform = parts.transform
        else:
            parts = self._parts
            transform = fit(self._config, rule_set, parts.keyring, parts.transform.stats)
        in_force = parts.host.prepare(transform)
        await prove(rule_set, parts.keyring)
        return Next(generation, rule_set, transform, in_force)

    async def _assemble(self, rule_set: RuleSet) -> Parts:
        begin = self._begin
        config = self._config = read_config(Path(begin.path), begin.document)
        kms = kms_access.answering_at(config.kms, begin.kms_endpoint)
        sockets = [[socket.socket(fileno=each) for each in row] for row in begin.descriptors]
        doors = Doors(sockets, self._tally, begin.admin)
        return await self._ends.enter_async_context(assembled(config, rule_set, kms, doors))

    async def _commit(self, generation: int) -> None:
        parts, taken = self._parts, self._next
        if parts is None or taken is None or taken.generation != generation:
            raise RuntimeError("what is to be committed was not prepared")
        parts.host.put_in_force(taken.in_force)
        self._parts = parts._replace(rule_set=taken.rule_set, transform=taken.transform)
        if not self._serves:
            self._serves = True
            await self._ends.enter_async_context(parts.host)

    def _readings(self) -> list[Reading]:
        parts = self._parts
        if parts is None:
            return []
        stats = (parts.keyring.stats, parts.transform.stats, parts.host.stats)
        return read(Sources(parts.rule_set.digest, *stats))


async def _work(control: int, tally: Tally) -> None:
    asyncio.get_running_loop().set_exception_handler(logs.log_loop_trouble)
    channel = await to_supervisor(socket.socket(fileno=control))
    begin = await channel.receive()
    if isinstance(begin, Begin):
        await Worker(channel, begin, tally).run()


def main() -> None:
    """Work until told to end; the arguments are descriptors and a place in the tally."""
    core_dumps.forbid()
    logs.configure()
    control, descriptor, rows, row = map(int, sys.argv[1:])
    uvloop.run(_work(control, Tally(rows, descriptor, row)))


if __name__ == "__main__":
    main()
