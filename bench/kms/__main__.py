# SPDX-License-Identifier: Apache-2.0
"""What one core of the KMS does in a second: `python -m bench.kms`.

The server runs on one core and the load on another. Every request is signed and its signature
verified, the caller's policies are asked, the token does the work, and the audit record is on the
disk before the answer. moto's KMS server does none of the four, and runs beside it in turns on the
same core. Latencies are taken at half of the rate that is wanted, from the moment at which a
request was due.

Growth is measured on a second KMS with 200 CMKs of 50 versions each and as many audit records as
`--records` says; ten million take 15 GB below the temporary folder.
"""

import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from bench.kms import Kms
from bench.kms.asking import KMS_CORE, Ours, p99_at, per_second
from bench.kms.growth import measure_growth
from bench.kms.moto import Moto
from bench.rounds import Figure, interleave, parser, report

ROUNDS = 3
ACTIONS = ("GenerateDataKey", "Decrypt", "Encrypt", "AsymmetricSign")
WANTED = 1000.0
"""Data keys a second; latencies are taken at half of that."""
RECORDS = 10_000_000


def measure(records: int) -> list[Figure]:
    found: list[Figure] = []
    with tempfile.TemporaryDirectory() as name, ExitStack() as ends:
        work = Path(name)
        ours = Ours(ends.enter_context(Kms(work / "kms", KMS_CORE)))
        moto = ends.enter_context(Moto(work, KMS_CORE))
        for action in ACTIONS:
            both = {"ours": partial(per_second, ours, action)}
            both["moto"] = partial(per_second, moto, action)
            samples = interleave(both, ROUNDS)
            is_goal = action in ("GenerateDataKey", "Decrypt")
            found += [
                Figure(
                    f"{action}, ours",
                    samples.median("ours"),
                    "/s",
                    at_least=WANTED if action == "GenerateDataKey" else None,
                ),
                Figure(f"{action}, moto", samples.median("moto"), "/s"),
                Figure(
                    f"{action}, ours / moto",
                    samples.ratio("ours", "moto"),
                    "x",
                    at_least=1.0 if is_goal else None,
                ),
            ]
            p99 = p99_at(ours, action, WANTED / 2)
            at_most = 10.0 if action == "GenerateDataKey" else None
            found.append(Figure(f"{action}, p99 at {WANTED / 2:.0f}/s", p99, "ms", at_most=at_most))
        if records:
            found += measure_growth(work, ours, records)
    return found


if __name__ == "__main__":
    title = "The KMS on one core, against moto's, which verifies, asks, keeps and records nothing"
    arguments = parser(title)
    arguments.add_argument(
        "--records", type=int, default=RECORDS, help="audit records; 0: no growth"
    )
    chosen = arguments.parse_args()
    report(title, measure(chosen.records), chosen)
