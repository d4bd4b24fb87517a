# SPDX-License-Identifier: Apache-2.0
"""The numbers of one worker at one moment, in a form that travels."""

from typing import NamedTuple

from prometheus_client import ProcessCollector

from sidecar.telemetry.series import SERIES, Sources

_PROCESS = ProcessCollector(registry=None)


class Reading(NamedTuple):
    """One number of the metric `name`, with the values of its labels."""

    name: str
    labels: tuple[str, ...]
    number: float


def read(sources: Sources) -> list[Reading]:
    """Every number that `sources` and the operating system have of this process."""
    counted = [
        Reading(series.name, (labels,) if isinstance(labels, str) else labels, number)
        for series in SERIES
        for labels, number in series.read(sources).items()
    ]
    return [*counted, *of_process()]


def of_process() -> list[Reading]:
    """What the operating system counts of this process."""
    return [
        Reading(sample.name, (), sample.value)
        for family in _PROCESS.collect()
        for sample in family.samples
    ]
