# SPDX-License-Identifier: Apache-2.0
"""A KMS that has much to remember beside a new one: what the same work takes of both, in turns."""

import resource
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from bench.kms import Kms
from bench.kms.asking import KMS_CORE, Ours, load
from bench.kms.history import RARE, grow
from bench.rounds import Figure, interleave
from sidecar.kms.audit.chain import read_head
from sidecar.kms.config import load_kms_config
from sidecar.kms.store import Database
from tests.fixtures.command import carry_out

ROUNDS = 5
CALLS = 400
FLAT = 1.2
START = "start"
"""It proves every key of the token, so it grows with these, and not with the trail."""
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

type Cost = Callable[[Ours], float]
"""What one thing takes of a core, in seconds of CPU."""


def measure_growth(work: Path, new: Ours, records: int) -> list[Figure]:
    """What a KMS that was grown does, over what one does that was not."""
    with Kms(work / "grown", KMS_CORE) as kms:
        kms.stop()
        began = time.perf_counter()
        grow(kms.directory, records)
        figures = [Figure("growing", time.perf_counter() - began, "s")]
        kms.start()
        return [*figures, *compare(Ours(kms), new)]


def compare(grown: Ours, new: Ours) -> list[Figure]:
    """In seconds of CPU, of the server for calls and of the command for commands."""
    figures = []
    for name, do in {**_calls(grown, new), **_commands(), START: _restart}.items():
        samples = interleave({"grown": partial(do, grown), "new": partial(do, new)}, ROUNDS)
        ratio, goal = samples.ratio("grown", "new"), None if name == START else FLAT
        figures.append(Figure(f"{name}, grown / new", ratio, "x", at_most=goal))
    return figures


def _calls(*both: Ours) -> dict[str, Cost]:
    names = ["GenerateDataKey", "Decrypt"]
    for question, conditions in QUESTIONS.items():
        names.append(f"LookupEvents, {question}")
        told = {
            f"LookupAttribute.{number}.{member}": text
            for number, pair in enumerate(conditions.items(), 1)
            for member, text in zip(("Key", "Value"), pair, strict=True)
        }
        for one in both:
            one.questions[names[-1]] = "LookupEvents", told
    return {name: partial(_call, name) for name in names}


def _call(question: str, kms: Ours) -> float:
    requests = kms.requests(question, CALLS)
    before = kms.kms.cpu_seconds()
    load(kms.port, requests)
    return kms.kms.cpu_seconds() - before


def _commands() -> dict[str, Cost]:
    return {
        "audit query, a rare action": partial(_audit, ["query", "--action", RARE]),
        "audit query, a user's rare action": partial(
            _audit, ["query", "--action", RARE, "--user", "user-1"]
        ),
        "audit tail": partial(_audit, ["tail"]),
        f"audit verify, the last {VERIFIED:,}": _verify_end,
    }


def _audit(words: Sequence[object], kms: Ours) -> float:
    before = _spent_by_commands()
    carry_out("kms", "audit", *words, "--dir", kms.kms.directory)
    return _spent_by_commands() - before


def _verify_end(kms: Ours) -> float:
    database = Database(load_kms_config(kms.kms.directory / "kms.yaml").database_url)
    with database.snapshot() as connection:
        first = read_head(connection).sequence - VERIFIED
    database.close()
    return _audit(["verify", "--from", first], kms)


def _restart(kms: Ours) -> float:
    kms.kms.stop()
    kms.kms.start()
    return kms.kms.cpu_seconds()


def _spent_by_commands() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
