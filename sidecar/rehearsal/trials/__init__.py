# SPDX-License-Identifier: Apache-2.0
"""Test cases beside rules: what somebody expects of them, run through the real transform.

CASES.md is their language. `reader` reads them, `trial` runs one, `expectation` tells what differs,
`run` runs all of a set, `junit` writes what came of it for CI.
"""

from sidecar.rehearsal.trials.junit import write_junit
from sidecar.rehearsal.trials.reader import read_cases
from sidecar.rehearsal.trials.run import Result, Run, run_cases

__all__ = ["Result", "Run", "read_cases", "run_cases", "write_junit"]
