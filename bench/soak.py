# SPDX-License-Identifier: Apache-2.0
"""Memory after a long time at half load: `python -m bench.soak --minutes 60`.

Sealed writes and opened reads at half of the rate that was found first, and rules that are proved
and put in force anew every minute. Resident memory of worker and supervisor after the first minute
and at the end.
"""

import os
import signal
import tempfile
import time
from pathlib import Path

from bench.rig import Rig, read_request, write_request
from bench.rounds import Figure, parser, report

TITLE = "Memory after a long time at half load"
MINUTE = 60.0
GROWTH_GOAL = 5.0
"""MB, however long it takes."""


def measure(minutes: float) -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="bench-soak-") as work, Rig(Path(work)) as rig:
        rig.start_sidecar()
        (worker,) = rig.worker_pids()
        best = rig.load(rig.sidecar, write_request(), 3.0)
        rate = best["requests"] / best["seconds"] / 2
        done = _minute(rig, rate)
        began = [rig.rss(pid) for pid in (worker, rig.supervisor_pid)]
        until = time.monotonic() + MINUTE * (minutes - 1)
        while time.monotonic() < until:
            os.kill(rig.supervisor_pid, signal.SIGHUP)
            done += _minute(rig, rate)
        ended = [rig.rss(pid) for pid in (worker, rig.supervisor_pid)]
        kept = rig.worker_pids() == [worker]
    return [
        Figure("rate", rate, "/s"),
        Figure("sealed and opened messages", done, ""),
        Figure("the worker of the start still serves", float(kept), "", at_least=1),
        Figure("worker after a minute", began[0], "MB"),
        Figure("worker at the end", ended[0], "MB"),
        Figure("growth of the worker", ended[0] - began[0], "MB", at_most=GROWTH_GOAL),
        Figure("growth of the supervisor", ended[1] - began[1], "MB", at_most=GROWTH_GOAL),
    ]


def _minute(rig: Rig, rate: float) -> float:
    return sum(
        rig.load(rig.sidecar, request, MINUTE / 2, rate=rate)["requests"]
        for request in (write_request(), read_request())
    )


def main() -> None:
    options = parser(TITLE)
    options.add_argument("--minutes", type=float, default=60.0)
    chosen = options.parse_args()
    report(TITLE, measure(chosen.minutes), chosen)


if __name__ == "__main__":
    main()
