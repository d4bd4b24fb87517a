# SPDX-License-Identifier: Apache-2.0
"""How every benchmark measures and reports.

What is compared is measured in turns, round after round, so that a machine that grows slower for a
while does so for all. A figure is a median over the rounds; a ratio is the median of the ratios
within each round. Figures with a goal are printed last, beside it.

    def measure() -> list[Figure]:
        samples = interleave({"raw": rate(raw), "ours": rate(ours)})
        return [Figure("ours / raw", samples.ratio("ours", "raw"), "x", at_least=0.5)]

    if __name__ == "__main__":
        run("What is measured, against which baseline", measure)
"""

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from statistics import median

type Measure = Callable[[], float]
"""Measures once; the same unit for all that are compared."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One result, and what it must reach."""

    name: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None

    @property
    def goal(self) -> str:
        """The goal in words; empty when there is none."""
        bounds = (("at least", self.at_least), ("at most", self.at_most))
        return " and ".join(
            f"{word} {_plain(bound)}" for word, bound in bounds if bound is not None
        )

    @property
    def met(self) -> bool:
        """Whether the value is within its bounds."""
        above = self.at_least is None or self.value >= self.at_least
        return above and (self.at_most is None or self.value <= self.at_most)


@dataclass(frozen=True, slots=True)
class Samples:
    """What was measured, by name, one number a round."""

    by_name: Mapping[str, list[float]]

    def median(self, name: str) -> float:
        return median(self.by_name[name])

    def ratio(self, name: str, baseline: str) -> float:
        """The median over the rounds of `name` / `baseline`."""
        pairs = zip(self.by_name[name], self.by_name[baseline], strict=True)
        return median(value / base for value, base in pairs)


def rate(call: Callable[[], object], seconds: float = 0.02) -> Measure:
    """A measure of how often `call` runs in a second; each time it runs for about `seconds`."""

    def once() -> float:
        calls, took = 1, 0.0
        while took < seconds / 2:  # the first, shorter attempts also warm up
            calls = max(calls + 1, int(calls * seconds / took * 0.9)) if took else calls
            start = time.perf_counter()
            for _ in range(calls):
                call()
            took = time.perf_counter() - start
        return calls / took

    return once


def interleave(measures: Mapping[str, Measure], rounds: int = 11) -> Samples:
    """Each measure once a round, every round starting with another one."""
    names = list(measures)
    by_name: dict[str, list[float]] = {name: [] for name in names}
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        for number in range(rounds):
            gc.collect()
            first = number % len(names)
            for name in names[first:] + names[:first]:
                by_name[name].append(measures[name]())
    finally:
        if was_collecting:
            gc.enable()
    return Samples(by_name)


def run(title: str, measure: Callable[[], list[Figure]]) -> None:
    """Measure, print, and exit 1 when `--check` is given and a goal is missed."""
    chosen = parser(title).parse_args()
    report(title, measure(), chosen)


def parser(title: str) -> argparse.ArgumentParser:
    """What every benchmark may be told."""
    made = argparse.ArgumentParser(description=title)
    made.add_argument("--check", action="store_true", help="exit 1 when a goal is missed")
    made.add_argument("--json", action="store_true", help="print one JSON object")
    return made


def report(title: str, found: list[Figure], chosen: argparse.Namespace) -> None:
    """Print what was found, and exit."""
    figures = sorted(found, key=lambda figure: bool(figure.goal))
    print((_as_json if chosen.json else _as_table)(title, figures))
    sys.exit(1 if chosen.check and not all(figure.met for figure in figures) else 0)


def _as_json(title: str, figures: list[Figure]) -> str:
    listed = [asdict(figure) | {"met": figure.met} for figure in figures]
    return json.dumps({"title": title, "figures": listed}, indent=2)


def _as_table(title: str, figures: list[Figure]) -> str:
    width = max(len(figure.name) for figure in figures)
    lines = [title, ""]
    for figure in figures:
        verdict = f"  {figure.goal}: {'met' if figure.met else 'MISSED'}" if figure.goal else ""
        lines.append(f"{figure.name:{width}}  {_plain(figure.value):>10} {figure.unit:5}{verdict}")
    return "\n".join(line.rstrip() for line in lines)


def _plain(value: float) -> str:
    """Three significant digits, in full."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
