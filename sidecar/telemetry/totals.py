# SPDX-License-Identifier: Apache-2.0
"""The numbers of all workers as one, in Prometheus' text format."""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry
from prometheus_client import generate_latest as exposition
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from sidecar.telemetry.readings import Reading, of_process
from sidecar.telemetry.series import SERIES, Series

CONTENT_TYPE = CONTENT_TYPE_LATEST

type Key = tuple[str, tuple[str, ...]]


@dataclass(slots=True)
class LifeStats:
    """What a supervisor counts since its start."""

    serving: int = 0
    """Workers that serve now."""
    ends: Counter[str] = field(default_factory=Counter)
    """Workers that ended, by how: `orderly` or `crashed`."""
    reloads: Counter[str] = field(default_factory=Counter)
    """Sets of rules that were offered, by outcome: `accepted` or `rejected`."""
    is_rejected: bool = False
    """The set that was offered last was rejected."""


LIFE_SERIES: tuple[Series[LifeStats], ...] = (
    Series(
        "sidecar_workers_serving",
        "Worker processes that serve now.",
        (),
        lambda of: {(): of.serving},
    ),
    Series(
        "sidecar_worker_ends_total",
        "Worker processes that ended, by how.",
        ("how",),
        lambda of: {how: of.ends[how] for how in ("orderly", "crashed")},
    ),
    Series(
        "sidecar_rules_reloads_total",
        "Sets of rules that were offered to running workers, by outcome.",
        ("outcome",),
        lambda of: {outcome: of.reloads[outcome] for outcome in ("accepted", "rejected")},
    ),
    Series(
        "sidecar_rules_rejected",
        "1 while the rules in force are older than those that were rejected.",
        (),
        lambda of: {(): of.is_rejected},
    ),
)
_PROCESS_SERIES = (
    ("process_cpu_seconds_total", "User and system CPU time of all processes, in seconds."),
    ("process_resident_memory_bytes", "Resident memory of all processes, in bytes."),
    ("process_virtual_memory_bytes", "Virtual memory of all processes, in bytes."),
    ("process_open_fds", "Open file descriptors of all processes."),
    ("process_start_time_seconds", "When the first process was started, since 1970."),
    ("process_max_fds", "How many file descriptors one process may open."),
)
_NOT_SUMMED = frozenset(
    ("sidecar_build_info", "sidecar_rules_info", "process_start_time_seconds", "process_max_fds")
)


class Totals(Collector):
    """Sums what workers report; those that ended stay in the counters."""

    def __init__(self, life: LifeStats) -> None:
        self.life = life
        self._of_workers: dict[Hashable, dict[Key, float]] = {}
        self._of_the_ended: dict[Key, float] = {}
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def put(self, worker: Hashable, readings: Iterable[Reading]) -> None:
        """The numbers of `worker`, instead of those that it told before."""
        self._of_workers[worker] = {(name, labels): number for name, labels, number in readings}

    def retire(self, worker: Hashable) -> None:
        """`worker` has ended: what it counted stays counted."""
        for (name, labels), number in self._of_workers.pop(worker, {}).items():
            if name.endswith("_total"):
                key = name, labels
                self._of_the_ended[key] = self._of_the_ended.get(key, 0) + number

    def exposition(self) -> bytes:
        """Every metric, in Prometheus' text format."""
        return exposition(self._registry)

    def collect(self) -> Iterable[Metric]:
        sums = self._sums()
        for life in LIFE_SERIES:
            yield _metric(life.name, life.help, life.labels, life.read(self.life))
        for series in SERIES:
            yield _metric(series.name, series.help, series.labels, sums.get(series.name, {}))
        for name, text in _PROCESS_SERIES:
            if name in sums:
                yield _metric(name, text, (), sums[name])

    def _sums(self) -> dict[str, dict[tuple[str, ...], float]]:
        own = {(name, labels): number for name, labels, number in of_process()}
        sums: dict[str, dict[tuple[str, ...], float]] = {}
        tellings: tuple[Mapping[Key, float], ...] = (own, self._of_the_ended)
        for told in (*tellings, *self._of_workers.values()):
            for (name, labels), number in told.items():
                found = sums.setdefault(name, {})
                if name in _NOT_SUMMED:
                    found.setdefault(labels, number)
                else:
                    found[labels] = found.get(labels, 0) + number
        return sums


def _metric(
    name: str,
    text: str,
    labels: tuple[str, ...],
    numbers: Mapping[Any, float],
) -> Metric:
    family = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
    metric = family(name, text, labels=labels)
    for values, number in numbers.items():
        metric.add_metric((values,) if isinstance(values, str) else values, number)
    return metric
