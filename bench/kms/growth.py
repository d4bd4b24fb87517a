# SPDX-License-Identifier: Apache-2.0
"""A KMS that has much to remember beside a new one: what the same work takes of both, in turns."""

import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from bench.kms import Kms
from bench.kms.asking import KMS_CORE, Ours, per_second
from bench.kms.history import RARE, grow
from bench.rounds import Figure, Measure, interleave
from sidecar.kms.audit.chain import read_head
from sidecar.kms.config import load_kms_config
from sidecar.kms.store import Database
from tests.fixtures.command import carry_out

ROUNDS = 3
VERIFIED = 5_000
"""Records at the end of the trail, as one verifies what is new since yesterday."""
QUESTIONS: Mapping[str, Mapping[str, str]] = {
    "newest": {},
    "by action": {"EventName": "GenerateDataKey"},
    "by user": {"User": "admin"},
    "by user and action, rare": {"User": "admin", "EventName": "CreateAlias"},
    "by what writes": {"EventRW": "Write"},
    "by what reads": {"EventRW": "Read"},
}
"""What LookupEvents looks for in the last week; of the last two there is as much in both."""


def measure_growth(work: Path, new: Ours, records: int) -> list[Figure]:
    """What a KMS that was grown does, over what one does that was not."""
    with Kms(work / "grown", KMS_CORE) as kms:
        kms.stop()
        began = time.perf_counter()
        grow(kms.directory, records)
        figures = [Figure("growing", time.perf_counter() - began, "s")]
        kms.start()
        grown = Ours(kms)
        return [*figures, *_compare_answers(grown, new), *_compare_commands(kms, new.kms)]


def _compare_answers(grown: Ours, new: Ours) -> list[Figure]:
    """Answers a second."""
    names = ["GenerateDataKey", "Decrypt"]
    for question, conditions in QUESTIONS.items():
        names.append(f"LookupEvents, {question}")
        told = json.dumps([{"Key": key, "Value": value} for key, value in conditions.items()])
        for one in (grown, new):
            one.questions[names[-1]] = "LookupEvents", {"LookupAttribute": told}
    return [
        _figure(
            name, partial(per_second, grown, name), partial(per_second, new, name), at_least=0.9
        )
        for name in names
    ]


def _compare_commands(grown: Kms, new: Kms) -> list[Figure]:
    """Seconds; the command line of Python is most of them."""
    commands: dict[str, Callable[[Kms], object]] = {
        "audit query, rare": lambda kms: _audit(kms, "query", "--action", RARE, "-n", 20),
        "audit query, user and rare": lambda kms: _audit(
            kms, "query", "--user", "user-1", "--action", RARE, "-n", 20
        ),
        "audit tail": lambda kms: _audit(kms, "tail"),
        f"audit verify of {VERIFIED:,} records": _verify_end,
        "start": _restart,
    }
    return [
        _figure(name, partial(_seconds, do, grown), partial(_seconds, do, new), at_most=2.0)
        for name, do in commands.items()
    ]


def _figure(name: str, grown: Measure, new: Measure, **goal: float) -> Figure:
    ratio = interleave({"grown": grown, "new": new}, ROUNDS).ratio("grown", "new")
    return Figure(f"{name}, grown / new", ratio, "x", **goal)


def _seconds(do: Callable[[Kms], object], kms: Kms) -> float:
    began = time.perf_counter()
    do(kms)
    return time.perf_counter() - began


def _audit(kms: Kms, command: str, *words: object) -> str:
    return carry_out("kms", "audit", command, "--dir", kms.directory, *words)


def _verify_end(kms: Kms) -> None:
    database = Database(load_kms_config(kms.directory / "kms.yaml").database_url)
    with database.snapshot() as connection:
        first = read_head(connection).sequence - VERIFIED
    database.close()
    _audit(kms, "verify", "--from", first)


def _restart(kms: Kms) -> None:
    kms.stop()
    kms.start()
