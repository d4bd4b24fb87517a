# SPDX-License-Identifier: Apache-2.0
"""Load through everything that may happen to workers: `python -m bench.chaos [--seconds N]`.

Clients write customers and read them back over kept connections, as fast as they can. Meanwhile the
proxy is told to reload every second, with one of two sets of rules in turn; workers are stopped
(SIGTERM) and killed (SIGKILL) at random. A request fails when it has no answer, or another one than
it must have. Those that were under way in a worker that was killed are counted apart: nothing can
save them, and their clients connect again. At the end everything that was acknowledged is read.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from bench.rig import RULES, Rig

CLIENTS = 16
WORKERS = 2
SECONDS = 20.0
BETWEEN_KILLS = 3.0
BETWEEN_STOPS = 4.0
"""Seconds."""
SAME_MOMENT = 0.05
"""A request that began so shortly after a kill was sent to a worker that was about to end."""
PATIENCE = 20.0


@dataclass
class Outcome:
    """What happened, in numbers."""

    writes: int = 0
    reads: int = 0
    killed_under_way: int = 0
    failed: list[str] = field(default_factory=list)
    reloads: int = 0
    stops: int = 0
    kills: list[float] = field(default_factory=list)
    unreadable: int = 0
    accepted: float = 0.0
    rejected: float = 0.0

    @property
    def is_good(self) -> bool:
        """Nothing failed but what a killed worker had under way."""
        return not self.failed and not self.unreadable and bool(self.writes and self.reads)

    def __str__(self) -> str:
        failed = "".join(f"\n  {each}" for each in self.failed[:5])
        return f"""\
{self.writes} writes acknowledged, {self.reads} reads answered
{self.reloads} SIGHUP: {self.accepted:.0f} sets of rules put in force, {self.rejected:.0f} rejected
{self.stops} workers stopped, {len(self.kills)} killed
{self.killed_under_way} requests were under way in a worker that was killed
{len(self.failed)} others failed{failed}
{self.unreadable} acknowledged writes cannot be read"""


class Customer:
    """A client with one record, which nobody else writes."""

    def __init__(self, number: int, port: int, outcome: Outcome) -> None:
        self._path = f"/customers/C-{number}"
        self._id = f"C-{number}"
        self._port = port
        self._outcome = outcome
        self._connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.possible: set[str] = set()
        """What may be stored: what was acknowledged last, and what was sent after it."""

    async def live(self, until: float) -> None:
        """Write and read in turn."""
        for count in itertools.count():
            if time.monotonic() >= until:
                break
            value = f"{self._id} edition {count}"
            self.possible.add(value)
            if await self._ask("PUT", value) is not None:
                self.possible = {value}
                self._outcome.writes += 1
            if self.possible != {value}:
                continue
            found = await self._ask("GET")
            if found is not None:
                self._outcome.reads += 1
                self._check(found)

    async def read_last(self) -> None:
        """Read what was acknowledged last."""
        found = await self._ask("GET")
        if found is None or found.get("ssn") not in self.possible:
            self._outcome.unreadable += 1
        self._hang_up()

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection[1].transport.abort()
        self._connection = None

    def _check(self, found: dict[str, str]) -> None:
        if found.get("ssn") not in self.possible:
            self._outcome.failed.append("a read gave another value than was written")

    async def _ask(self, method: str, value: str = "") -> dict[str, str] | None:
        """The answer's document; None when there was none, which is noted."""
        began = time.monotonic()
        document = {"id": self._id, "ssn": value, "email": value, "phone": value}
        body = json.dumps(document).encode() if value else b""
        try:
            status, answer = await asyncio.wait_for(self._exchange(method, body), PATIENCE)
        except (OSError, EOFError, TimeoutError) as error:
            self._hang_up()
            self._note(began, f"{method}: {type(error).__name__}")
            return None
        if status not in (200, 201):
            self._note(began, f"{method}: HTTP {status} {answer[-120:].decode()}")
            return None
        found: dict[str, str] = json.loads(answer)
        return found

    def _note(self, began: float, what: str) -> None:
        ended = time.monotonic()
        if any(began <= kill + SAME_MOMENT and kill <= ended for kill in self._outcome.kills):
            self._outcome.killed_under_way += 1
        else:
            self._outcome.failed.append(what)

    async def _exchange(self, method: str, body: bytes) -> tuple[int, bytes]:
        if self._connection is None:
            self._connection = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._connection
        head = f"{method} {self._path} HTTP/1.1\r\nHost: crm\r\nContent-Type: application/json\r\n"
        writer.write(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        fields = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = fields.partition(b"content-length:")[2].split(b"\r\n")[0]
        answer = await reader.readexactly(int(length))
        if b"\r\nconnection: close" in fields:
            self._hang_up()
        return int(fields.split()[1]), answer


async def run(rig: Rig, seconds: float) -> Outcome:
    """Load and chaos for `seconds`, then the proof."""
    outcome = Outcome()
    customers = [Customer(number, rig.sidecar, outcome) for number in range(CLIENTS)]
    until = time.monotonic() + seconds
    chaos = [
        asyncio.create_task(each)
        for each in (_reload(rig, outcome), _stop(rig, outcome), _kill(rig, outcome))
    ]
    await asyncio.gather(*(customer.live(until) for customer in customers))
    for each in chaos:
        each.cancel()
    await asyncio.gather(*(customer.read_last() for customer in customers))
    outcome.accepted = rig.metric('sidecar_rules_reloads_total{outcome="accepted"}')
    outcome.rejected = rig.metric('sidecar_rules_reloads_total{outcome="rejected"}')
    return outcome


async def _reload(rig: Rig, outcome: Outcome) -> None:
    """Another set of rules every second; both seal what is written, and one seals more."""
    rules = RULES.format(port=rig.origin)
    sets = itertools.cycle((rules.replace("ssn: sealed", "ssn: sealed, passport: sealed"), rules))
    while True:
        await asyncio.sleep(1)
        new = rig.work / "rules.new"
        new.write_text(next(sets))
        new.rename(rig.work / "rules.yaml")
        os.kill(rig.supervisor_pid, signal.SIGHUP)
        outcome.reloads += 1


async def _stop(rig: Rig, outcome: Outcome) -> None:
    while True:
        await asyncio.sleep(BETWEEN_STOPS)
        if pid := await _any_worker(rig):
            os.kill(pid, signal.SIGTERM)
            outcome.stops += 1


async def _kill(rig: Rig, outcome: Outcome) -> None:
    while True:
        await asyncio.sleep(BETWEEN_KILLS)
        if pid := await _any_worker(rig):
            outcome.kills.append(time.monotonic())
            os.kill(pid, signal.SIGKILL)


async def _any_worker(rig: Rig) -> int | None:
    pids = await asyncio.to_thread(rig.worker_pids)
    return random.choice(pids) if pids else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--check", action="store_true", help="exit 1 when anything failed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-chaos-") as work, Rig(Path(work)) as rig:
        rig.start_sidecar(WORKERS, core=None)
        outcome = asyncio.run(run(rig, chosen.seconds))
    told = vars(outcome) | {"kills": len(outcome.kills), "is_good": outcome.is_good}
    print(json.dumps(told) if chosen.json else str(outcome))
    sys.exit(1 if chosen.check and not outcome.is_good else 0)


if __name__ == "__main__":
    main()
