# SPDX-License-Identifier: Apache-2.0
"""The whole proxy under load, against stock mitmdump: `python -m bench.proxy`.

A customer of 1 KB with three fields to seal is written and read again and again over 16
connections, through one proxy process on one core: ours on a route that a rule protects, the same
with a field in each head that is another every time (ours keeps what follows from heads that come
again), ours on a route that no rule names, and `mitmdump` with a straightforward addon
(`bench/baseline.py`). Ours is the product as `sidecar run` starts it, with a real KMS and record
binding. At half of its best rate the delay that it adds is measured on a schedule, against the
origin itself.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.rig import NUMBERED, Rig, read_request, write_request
from bench.rounds import Figure, Measure, Samples, interleave, run

ROUNDS = 5
SECONDS = 2.0
BASELINE_GOAL = 12.0
KEPT_GOAL = 0.55
PLAIN = "/elsewhere"


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="bench-proxy-") as work, Rig(Path(work)) as rig:
        rig.start_sidecar()
        rig.start_baseline()
        samples = interleave(_measures(rig), ROUNDS)
        return [*_figures(samples), *_delays(rig, samples)]


def _measures(rig: Rig) -> dict[str, Measure]:
    def rate(port: int, request: bytes, first: bytes) -> Measure:
        def once() -> float:
            rig.load(port, first, 0.2)  # the origin holds what this proxy wrote
            figures = rig.load(port, request, SECONDS)
            return figures["requests"] / figures["seconds"]

        return once

    def both(port: int, path: str, more: str) -> tuple[Measure, Measure]:
        write = write_request(path, more)
        return rate(port, write, write), rate(port, read_request(f"{path}/C-1001", more), write)

    loads = {
        "ours": (rig.sidecar, "/customers", ""),
        "ours, new heads": (rig.sidecar, "/customers", NUMBERED),
        "ours, no rule": (rig.sidecar, PLAIN, ""),
        "mitmdump": (rig.baseline, "/customers", ""),
    }
    measures: dict[str, Callable[[], float]] = {}
    for name, load in loads.items():
        measures[f"write, {name}"], measures[f"read, {name}"] = both(*load)
    return measures


def _figures(samples: Samples) -> list[Figure]:
    figures = [Figure(name, samples.median(name), "/s") for name in samples.by_name]
    for verb in ("write", "read"):
        ours = f"{verb}, ours"
        against = samples.ratio(ours, f"{verb}, mitmdump")
        kept = samples.ratio(ours, f"{verb}, ours, no rule")
        figures.append(Figure(f"{verb}, ours / mitmdump", against, "x", at_least=BASELINE_GOAL))
        figures.append(Figure(f"{verb}, ours / no rule", kept, "x", at_least=KEPT_GOAL))
    return figures


def _delays(rig: Rig, samples: Samples) -> list[Figure]:
    half = samples.median("write, ours") / 2
    write = write_request()

    def p99(port: int) -> Measure:
        return lambda: rig.load(port, write, SECONDS, rate=half)["p99"]

    delays = interleave({"ours": p99(rig.sidecar), "origin": p99(rig.origin)}, ROUNDS)
    added = delays.median("ours") - delays.median("origin")
    return [
        Figure("p99 of a write at half load", delays.median("ours"), "ms"),
        Figure("p99 added at half load", added, "ms"),
    ]


if __name__ == "__main__":
    run("Proxy on one core: 1 KB JSON, 3 sealed fields, 16 connections", measure)
