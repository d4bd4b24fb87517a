# SPDX-License-Identifier: Apache-2.0
"""All cases of a set, and the fields that none of them tries."""

from pathlib import Path

import pytest

from sidecar.rehearsal.trials import read_cases, run_cases
from sidecar.rules import parse_rules, read_files

EXAMPLES = Path(__file__).parents[3] / "rules"
STEMS = sorted(path.stem for path in EXAMPLES.iterdir() if not path.match("*.test.yaml"))


@pytest.mark.parametrize("stem", STEMS)
async def test_the_cases_of_every_example_pass_and_try_every_field(stem: str) -> None:
    files = read_files(EXAMPLES / f"{stem}.yaml", EXAMPLES / f"{stem}.test.yaml")
    run = await run_cases(parse_rules(files), read_cases(files))
    assert {each.name: each.problems for each in run.results if each.problems} == {}
    assert run.untried == {}
    assert run.failed == 0


async def test_fields_that_no_case_tries_are_told_by_rule() -> None:
    files = read_files(EXAMPLES)
    cases = [case for case in read_cases(files) if "bulk" in case.name]
    run = await run_cases(parse_rules(files), cases)
    assert run.untried["couchdb-customers"] == ("email",)
    assert run.untried["crm-invoices"] == ("iban", "amount")
