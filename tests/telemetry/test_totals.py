# SPDX-License-Identifier: Apache-2.0
"""Every number that the floors keep reaches Prometheus, under a documented name."""

import re
from collections import Counter
from dataclasses import fields
from itertools import count

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sidecar import __version__, telemetry
from sidecar.keys import KeyStats
from sidecar.proxy.stats import HostStats
from sidecar.telemetry import LIFE_SERIES, SERIES, LifeStats, Reading, Sources, Totals, read
from sidecar.transform import TransformStats


@pytest.fixture
def sources() -> Sources:
    """All counters of all floors, each at a number of its own."""
    return Sources("f00d", *(_numbered(kind, start) for kind, start in KINDS))


KINDS = ((KeyStats, 1000), (TransformStats, 2000), (HostStats, 3000))


def _numbered(kind: type, start: int):
    stats, numbers = kind(), count(start)
    for each in fields(kind):
        value = getattr(stats, each.name)
        if isinstance(value, Counter):
            pair = "tuple" in str(each.type)
            value[("one", each.name) if pair else each.name] = next(numbers)
        else:
            setattr(stats, each.name, next(numbers))
    return stats


def _of(*workers: Sources, life: LifeStats | None = None) -> Totals:
    totals = Totals(life or LifeStats())
    for number, sources in enumerate(workers):
        totals.put(number, read(sources))
    return totals


def _samples(totals: Totals) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = totals.exposition().decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_counter_of_every_floor_is_told_once(sources: Sources) -> None:
    told = Counter(_samples(_of(sources)).values())
    for kind, start in KINDS:
        for number, each in enumerate(fields(kind), start):
            assert told[number] == 1, f"{kind.__name__}.{each.name}"


def test_names_and_labels_are_those_that_are_documented() -> None:
    documented = dict(re.findall(r"(sidecar_\w+)(?:\{([\w,]+)\})?", telemetry.__doc__ or ""))
    for series in (*SERIES, *LIFE_SERIES):
        assert documented.pop(series.name) == ",".join(series.labels)
    assert documented == {}


def test_the_version_and_the_rules_are_told(sources: Sources) -> None:
    samples = _samples(_of(sources))
    assert samples["sidecar_build_info", (("version", __version__),)] == 1
    assert samples["sidecar_rules_info", (("digest", "f00d"),)] == 1


def test_workers_are_summed_and_what_is_the_same_in_all_is_not(sources: Sources) -> None:
    samples = _samples(_of(sources, sources, sources))
    assert samples["sidecar_connections_total", ()] == 3 * sources.host.connections
    assert samples["sidecar_connections_open", ()] == 3 * sources.host.connections_open
    assert samples["sidecar_build_info", (("version", __version__),)] == 1
    assert samples["sidecar_rules_info", (("digest", "f00d"),)] == 1
    one = _samples(_of())["process_resident_memory_bytes", ()]
    assert samples["process_resident_memory_bytes", ()] > 2 * one
    start = "process_start_time_seconds", ()
    assert samples[start] == _samples(_of())[start]


def test_what_an_ended_worker_counted_stays_and_what_it_had_goes(sources: Sources) -> None:
    totals = _of(sources, sources)
    totals.retire(0)
    totals.retire(1)
    totals.retire("never seen")
    samples = _samples(totals)
    assert samples["sidecar_connections_total", ()] == 2 * sources.host.connections
    assert ("sidecar_connections_open", ()) not in samples
    totals.put(2, [Reading("sidecar_connections_total", (), 1)])
    assert _samples(totals)["sidecar_connections_total", ()] == 2 * sources.host.connections + 1


def test_the_last_report_of_a_worker_is_what_counts(sources: Sources) -> None:
    totals = _of(sources)
    sources.host.connections += 1
    totals.put(0, read(sources))
    assert _samples(totals)["sidecar_connections_total", ()] == sources.host.connections


def test_the_life_of_the_proxy_is_told() -> None:
    life = LifeStats(serving=2, is_rejected=True)
    life.reloads["rejected"] += 3
    life.ends["crashed"] += 1
    samples = _samples(_of(life=life))
    assert samples["sidecar_workers_serving", ()] == 2
    assert samples["sidecar_rules_rejected", ()] == 1
    assert samples["sidecar_rules_reloads_total", (("outcome", "rejected"),)] == 3
    assert samples["sidecar_rules_reloads_total", (("outcome", "accepted"),)] == 0
    assert samples["sidecar_worker_ends_total", (("how", "crashed"),)] == 1


def test_labels_cannot_break_out_of_their_quotes(sources: Sources) -> None:
    sources.transform.sealed['a"} 1\nsidecar_forged 1'] = 7
    assert not [name for name, _ in _samples(_of(sources)) if "forged" in name]
