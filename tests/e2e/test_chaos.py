# SPDX-License-Identifier: Apache-2.0
"""The chaos of `python -m bench.chaos`, for a few seconds: reloads and stops lose nothing."""

from pathlib import Path

from bench import chaos
from bench.rig import Rig


async def test_nothing_fails_but_what_a_killed_worker_had_under_way(tmp_path: Path) -> None:
    with Rig(tmp_path) as rig:
        rig.start_sidecar(chaos.WORKERS, core=None)
        outcome = await chaos.run(rig, seconds=6)
    assert outcome.failed == []
    assert outcome.unreadable == 0
    assert outcome.writes
    assert outcome.reads
    assert outcome.kills
    assert outcome.stops
    assert outcome.accepted
    assert outcome.rejected == 0
    assert outcome.killed_under_way <= chaos.CLIENTS * len(outcome.kills)
