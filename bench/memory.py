# SPDX-License-Identifier: Apache-2.0
"""Memory and start of one worker: `python -m bench.memory`.

Resident memory of `sidecar run` when it is ready, after a first load, and after 200,000 sealed
writes and opened reads; and how long it takes from the command to the ready line, proofs included.
"""

import tempfile
from pathlib import Path
from statistics import median

from bench.rig import Rig, read_request, write_request
from bench.rounds import Figure, run

REQUESTS = 200_000
STARTS = 5
IDLE_GOAL = 90.0
GROWTH_GOAL = 5.0
START_GOAL = 2.0


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="bench-memory-") as work, Rig(Path(work)) as rig:
        rig.start_sidecar()
        (worker,) = rig.worker_pids()
        idle, supervisor = rig.rss(worker), rig.rss(rig.supervisor_pid)
        rig.load(rig.sidecar, write_request(), 1)
        rig.load(rig.sidecar, read_request(), 1)
        warm, done = rig.rss(worker), 0.0
        while done < REQUESTS:
            for request in (write_request(), read_request()):
                done += rig.load(rig.sidecar, request, 2)["requests"]
        growth = rig.rss(worker) - warm
        starts = [rig.seconds_to_ready, *(rig.restart_sidecar() for _ in range(STARTS - 1))]
    return [
        Figure("resident supervisor", supervisor, "MB"),
        Figure("resident after the first load", warm, "MB"),
        Figure("sealed and opened messages", done, ""),
        Figure("resident when ready", idle, "MB", at_most=IDLE_GOAL),
        Figure("growth over those messages", growth, "MB", at_most=GROWTH_GOAL),
        Figure("start to ready", median(starts), "s", at_most=START_GOAL),
    ]


if __name__ == "__main__":
    run("One worker: memory and start", measure)
