# SPDX-License-Identifier: Apache-2.0
"""`workers`: how many processes serve, by default one for each core that may be used."""

import math
import os
from pathlib import Path

from sidecar.strict_yaml import Entry

MOST_WORKERS = 256
_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")


def read_workers(entry: Entry) -> int:
    """A number, or `auto`."""
    return usable_cores() if entry.text() == "auto" else entry.integer(1, MOST_WORKERS)


def usable_cores(cpu_max: Path = _CPU_MAX) -> int:
    """Cores that this process may run on, and no more than its container's quota of time fills.

    `cpu_max` says `QUOTA PERIOD` in microseconds, or `max` (cgroup v2, cpu.max).
    """
    cores = len(os.sched_getaffinity(0))
    try:
        quota, period = map(int, cpu_max.read_text().split())
    except (OSError, ValueError):
        return min(cores, MOST_WORKERS)
    return max(1, min(cores, math.ceil(quota / period), MOST_WORKERS))
