# SPDX-License-Identifier: Apache-2.0
"""A collection sealed in its store, killed in the middle: `python -m bench.migrate`.

100,000 customers with five fields stand unsealed in ArcadeDB. `sidecar migrate collection` is ended
by SIGKILL when half of them are done, started again, and goes on; its proof then reads everything
again from the store and opens it. The migration and the store share the machine's cores.
"""

import tempfile
import time
from pathlib import Path

from bench.migration_rig import CANARY, FIELDS, Migration, describe, fill, install
from bench.rounds import Figure, run
from tests.demo.installation import Installation

RECORDS = 100_000


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="bench-migrate-") as work:
        place = Installation(Path(work))
        try:
            install(place)
            fill(place.store, RECORDS)
            description = describe(place)
            began = time.monotonic()
            first = Migration(place, description)
            killed_at = first.kill_at(RECORDS // 2)
            until_killed = time.monotonic() - began
            report = Migration(place, description).report()
            stored = place.store.sql("SELECT count(*) AS n FROM Customer")[0]["n"]
            bare = place.store.sql(
                "SELECT count(*) AS n FROM Customer WHERE ssn LIKE :it OR name LIKE :it",
                it="%CANARY%",
            )[0]["n"]
        finally:
            place.stop()
    coverage = report["coverage"]
    states = [coverage["fields"][name] for name in FIELDS]
    return [
        Figure("records in the store", stored, ""),
        Figure("killed (SIGKILL) when so many were done", killed_at, ""),
        Figure("until then, start included", RECORDS // 2 / until_killed, "/s"),
        Figure("the rest, and reading and opening all of it again", report["seconds"], "s"),
        Figure("values sealed, as read again", sum(each["sealed"] for each in states), ""),
        Figure("values that are null", sum(each["null"] for each in states), ""),
        Figure("resumed at", report["resumed_at"], "", at_least=killed_at),
        Figure("records read again from the store", coverage["records"], "", at_least=RECORDS),
        Figure("values unsealed", sum(each["unsealed"] for each in states), "", at_most=0),
        Figure("records that do not open", coverage["broken"], "", at_most=0),
        Figure(f"records where the store itself finds {CANARY}", bare, "", at_most=0),
        Figure("exit code", report["exit_code"], "", at_most=0),
    ]


if __name__ == "__main__":
    run("A collection sealed in its store, killed in the middle", measure)
