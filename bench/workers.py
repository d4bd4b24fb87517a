# SPDX-License-Identifier: Apache-2.0
"""Two workers against one, on two cores: `python -m bench.workers`.

Load and store run on the same two cores, because there are no others, and take their part of what
the second worker could have had. So beside the ratio stands the ratio that two cores allow at
most, from the CPU time that a write takes in a worker and elsewhere: one worker fills one core, two
and all that asks them and keeps for them fill both. That is what the goal is about.
"""

import resource
import tempfile
from pathlib import Path
from statistics import median

from bench.kms import cpu_seconds
from bench.rig import Rig, write_request
from bench.rounds import Figure, interleave, run

ROUNDS = 5
SECONDS = 3.0
CONNECTIONS = 32
REACHED_GOAL = 0.8
CORES = 2


class Side:
    """A proxy of some workers under load, and the CPU time that its requests take."""

    def __init__(self, rig: Rig, workers: int) -> None:
        rig.start_sidecar(workers, core=None)
        rig.load_core = None
        self._rig = rig
        self._workers = rig.worker_pids()
        self.in_workers: list[float] = []
        self.elsewhere: list[float] = []

    def once(self) -> float:
        """Sealed writes a second."""
        rig = self._rig
        in_workers, elsewhere = cpu_seconds(*self._workers), self._elsewhere()
        figures = rig.load(rig.sidecar, write_request(), SECONDS, CONNECTIONS)
        requests = figures["requests"]
        self.in_workers.append(1e6 * (cpu_seconds(*self._workers) - in_workers) / requests)
        self.elsewhere.append(1e6 * (self._elsewhere() - elsewhere) / requests)
        return requests / figures["seconds"]

    def _elsewhere(self) -> float:
        load = resource.getrusage(resource.RUSAGE_CHILDREN)
        return load.ru_utime + load.ru_stime + cpu_seconds(self._rig.origin_pid)


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="bench-workers-") as work:
        folders = [Path(work, name) for name in ("one", "two")]
        for folder in folders:
            folder.mkdir()
        with Rig(folders[0]) as first, Rig(folders[1]) as second:
            one, two = Side(first, 1), Side(second, 2)
            samples = interleave({"one": one.once, "two": two.once}, ROUNDS)
    a_request = median(two.in_workers) + median(two.elsewhere)
    allowed = CORES * median(one.in_workers) / a_request
    ratio = samples.ratio("two", "one")
    return [
        Figure("sealed writes, one worker", samples.median("one"), "/s"),
        Figure("sealed writes, two workers", samples.median("two"), "/s"),
        Figure("CPU of a write in a worker", median(two.in_workers), "us"),
        Figure("CPU of a write in load and store", median(two.elsewhere), "us"),
        Figure("two workers / one", ratio, "x"),
        Figure("two workers / one that the cores allow", allowed, "x"),
        Figure("reached of that", ratio / allowed, "", at_least=REACHED_GOAL),
    ]


if __name__ == "__main__":
    run("Two workers against one, on two cores", measure)
