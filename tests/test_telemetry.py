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
from sidecar.telemetry import SERIES, Sources, Telemetry
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


def _samples(sources: Sources) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = Telemetry(sources).exposition().decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_every_counter_of_every_floor_is_told_once(sources: Sources) -> None:
    told = Counter(_samples(sources).values())
    for kind, start in KINDS:
        for number, each in enumerate(fields(kind), start):
            assert told[number] == 1, f"{kind.__name__}.{each.name}"


def test_names_and_labels_are_those_that_are_documented() -> None:
    documented = dict(re.findall(r"(sidecar_\w+)(?:\{([\w,]+)\})?", telemetry.__doc__ or ""))
    for series in SERIES:
        assert documented.pop(series.name) == ",".join(series.labels)
    assert documented == {}


def test_the_version_and_the_rules_are_told(sources: Sources) -> None:
    samples = _samples(sources)
    assert samples["sidecar_build_info", (("version", __version__),)] == 1
    assert samples["sidecar_rules_info", (("digest", "f00d"),)] == 1


def test_a_number_is_read_when_it_is_asked_for(sources: Sources) -> None:
    reading = Telemetry(sources)
    before = reading.exposition()
    sources.host.connections += 1
    assert b"sidecar_connections_total 3000.0\n" in before
    assert b"sidecar_connections_total 3001.0\n" in reading.exposition()


def test_labels_cannot_break_out_of_their_quotes(sources: Sources) -> None:
    sources.transform.sealed['a"} 1\nsidecar_forged 1'] = 7
    assert not [name for name, _ in _samples(sources) if "forged" in name]
