# SPDX-License-Identifier: Apache-2.0
"""`workers`: how many processes serve, by default one for each core that may be used."""

import math
import os
from pathlib import Path

from sidecar.strict_yaml import Entry

MOST_WORKERS = 256
LEAST_BYTES = 256 * 1024 * 1024
"""Of memory for each worker that nobody asked for."""
_CGROUP = Path("/sys/fs/cgroup")


def read_workers(entry: Entry) -> int:
    """A number, or `auto`."""
    return usable_cores() if entry.text() == "auto" else entry.integer(1, MOST_WORKERS)


def usable_cores(cgroup: Path = _CGROUP) -> int:
    """Cores that this process may run on, and no more than its container's limits are good for.

    In `cgroup` (v2) `cpu.max` says `QUOTA PERIOD` in microseconds and `memory.max` bytes, or `max`.
    """
    bounds = [len(os.sched_getaffinity(0)), MOST_WORKERS]
    if quota := _numbers(cgroup / "cpu.max"):
        bounds.append(math.ceil(quota[0] / quota[-1]))
    if memory := _numbers(cgroup / "memory.max"):
        bounds.append(memory[0] // LEAST_BYTES)
    return max(1, min(bounds))


def _numbers(path: Path) -> list[int]:
    """The numbers in a file; none where it sets no limit or is not there."""
    try:
        return [int(word) for word in path.read_text().split()]
    except (OSError, ValueError):
        return []
