# SPDX-License-Identifier: Apache-2.0
"""What data keys cost the HSM and the writes: `python -m bench.keys`.

HSM operations are counted, not timed: a million fields of several tenants are sealed, then a new
process reads all of them back.

The writes come on a schedule, and each one's latency counts from the moment at which it was due, so
that an event loop that is kept busy shows too; the loop's timers make a floor of about a
millisecond, like a request's own way. The data key changes several times a second, a thousand
times as often as in service. "Around a change" are the writes due within 25 ms of one. The baseline
is the same keyring told to fetch the next key only when the limit of the last has come.
"""

import asyncio
import itertools
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

import uvloop

from bench.kms import ALIAS, Kms
from bench.rounds import Figure, interleave, run
from sidecar.envelope import DEFAULT_SUITE
from sidecar.keys import CmkRef, DataKey, KeyContext, KeyLimits, Keyring, KeyStats

CMK = CmkRef(ALIAS)
CONTEXT = KeyContext("crm", "acme")
PLACE, VALUE = bytes(80), b'"078-05-1120"'

TENANTS = 16
FIELDS = 1_000_000
HSM_OPERATIONS = {"GenerateDataKey": 3, "Decrypt": 1, "DescribeKey": 0}
"""What an action makes the token do: two draws of random bytes and an encryption; a decryption."""

FIELDS_OF_A_WRITE = 3
RATE = 1000
SECONDS = 1.5
CHANGING = KeyLimits(max_messages=200 * FIELDS_OF_A_WRITE)
AT_THE_LIMIT = KeyLimits(max_messages=CHANGING.max_messages, refresh_from=1.0, refresh_to=1.0)
AROUND = 0.025


class Write(NamedTuple):
    """When a write was due, in seconds, how long it then took, and which key sealed it."""

    due: float
    took: float
    key: DataKey


async def write_on_schedule(keyring: Keyring) -> list[Write]:
    """Writes at `RATE` a second for `SECONDS`."""
    writes: list[Write] = []
    start = time.perf_counter()
    for number in range(int(RATE * SECONDS)):
        due = start + number / RATE
        await asyncio.sleep(due - time.perf_counter())
        key = await keyring.for_sealing(CMK, CONTEXT, DEFAULT_SUITE)
        for _ in range(FIELDS_OF_A_WRITE):
            key.seal(PLACE, VALUE)
        writes.append(Write(due, time.perf_counter() - due, key))
    return writes


def p99(writes: list[Write]) -> float:
    return quantiles((write.took for write in writes), n=100)[98]


def step(writes: list[Write]) -> float:
    """p99 around the changes of the data key / p99 elsewhere."""
    pairs = itertools.pairwise(writes)
    changes = [after.due for before, after in pairs if before.key is not after.key]
    around = [w for w in writes if any(abs(w.due - change) <= AROUND for change in changes)]
    elsewhere = [w for w in writes if all(abs(w.due - change) > AROUND for change in changes)]
    return p99(around) / p99(elsewhere)


async def hsm_operations(kms: Kms) -> float:
    """The operations of the token for a million fields, sealed here and read after a restart."""
    writer, reader = Keyring(kms.provider()), Keyring(kms.provider())
    await writer.prove(CMK)
    contexts = [KeyContext("crm", f"tenant-{number}") for number in range(TENANTS)]
    edks: dict[KeyContext, set[bytes]] = {context: set() for context in contexts}
    for number in range(FIELDS):
        context = contexts[number % TENANTS]
        key = await writer.for_sealing(CMK, context, DEFAULT_SUITE)
        key.seal(PLACE, VALUE)
        edks[context].add(key.edk)
    for context, some in edks.items():
        await reader.for_opening(CMK, context, some)
    total = _operations(writer.stats) + _operations(reader.stats)
    await writer.aclose()
    await reader.aclose()
    return total * 1_000_000 / FIELDS


def _operations(stats: KeyStats) -> int:
    return sum(HSM_OPERATIONS[action] * n for (action, _), n in stats.kms_calls.items())


def measure() -> list[Figure]:
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory()))
        runner = ends.enter_context(asyncio.Runner(loop_factory=uvloop.new_event_loop))
        kms = ends.enter_context(Kms(folder / "kms"))
        doomed = ends.enter_context(Kms(folder / "doomed"))
        operations = runner.run(hsm_operations(kms))

        def keyring(limits: KeyLimits, of: Kms = kms) -> Keyring:
            made = Keyring(of.provider(), limits)
            ends.callback(lambda: runner.run(made.aclose()))
            runner.run(made.for_sealing(CMK, CONTEXT, DEFAULT_SUITE))  # type: ignore[arg-type]
            return made

        ahead, waiting, lonely = (
            keyring(CHANGING),
            keyring(AT_THE_LIMIT),
            keyring(CHANGING, doomed),
        )
        doomed.kill()

        def writes(ring: Keyring) -> list[Write]:
            return runner.run(write_on_schedule(ring))

        samples = interleave(
            {
                "ahead": lambda: step(writes(ahead)),
                "at the limit": lambda: step(writes(waiting)),
                "down": lambda: p99(writes(lonely)) / p99(writes(ahead)),
            },
            rounds=7,
        )
        if not lonely.stats.grace_sealing:
            raise RuntimeError("the KMS was not missed: nothing was measured")
    return [
        Figure(
            "p99 around a change / elsewhere, fetched at the limit",
            samples.median("at the limit"),
            "x",
        ),
        Figure("HSM operations for a million fields", operations, "", at_most=100),
        Figure("p99 around a change / elsewhere", samples.median("ahead"), "x", at_most=2),
        Figure("p99 with the KMS down / up", samples.median("down"), "x", at_most=2),
    ]


if __name__ == "__main__":
    run("Data keys: the HSM's work, and writes while keys change or the KMS is down", measure)
