# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules check`, as transcripts, with its exit codes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sidecar.cli import cli
from tests.rules.samples import FILE, write

EXAMPLES = Path(__file__).parents[3] / "rules"


def check(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["rules", "check", *map(str, arguments)])


def test_good_rules_pass_and_are_explained(tmp_path: Path) -> None:
    done = check(write(tmp_path))
    assert done.exit_code == 0
    assert (
        done.output
        == """\
customers (enforce): store crm at crm.internal:8080, under alias/customers
  on /customers, /customers/{id}
  opening for the tenant in x-tenant-id and the record in id
    ssn  sealed

passed: 1 rule, 0 errors, 0 warnings
"""
    )


def test_every_error_is_told(tmp_path: Path) -> None:
    file = write(tmp_path, FILE.replace("cmk: alias/customers", "cmc: x"))
    done = check(tmp_path)
    assert done.exit_code == 1
    assert (
        done.output
        == f"""\
error: {file}:6:5: unknown key 'cmc'; did you mean 'cmk'?
error: {file}:3:5: 'cmk' is missing
failed: 0 rules, 2 errors, 0 warnings
"""
    )


def test_warnings_fail_a_strict_check_alone(tmp_path: Path) -> None:
    file = write(tmp_path, FILE + "    phase: monitor\n")
    advice = (
        f"warning: {file}:3:5: `phase: monitor` seals nothing; values go to the store in clear "
        "[monitoring]\n"
    )
    for arguments, exit_code in (((file,), 0), ((file, "--strict"), 1)):
        done = check(*arguments)
        assert done.exit_code == exit_code
        assert advice in done.output


def test_a_machine_reads_the_same(tmp_path: Path) -> None:
    file = write(tmp_path, FILE + "    phase: monitor\n")
    report = json.loads(check(file, "--json").output)
    assert report["passed"] is True
    assert report["errors"] == []
    assert [(each["rule"], each["word"]) for each in report["warnings"]] == [
        ("customers", "monitoring")
    ]
    assert report["rules"][0]["fields"] == {"ssn": "sealed"}

    write(tmp_path, "version: 3\n")
    done = check(file, "--json")
    assert done.exit_code == 1
    assert json.loads(done.output)["errors"] == [
        f"{file}:1:10: '3' is not a word here; known here: 1",
        f"{file}:1:1: 'rules' is missing",
    ]


def test_an_empty_folder_fails(tmp_path: Path) -> None:
    done = check(tmp_path)
    assert done.exit_code == 1
    assert "so nothing would be sealed" in done.output


@pytest.mark.parametrize("arguments", [[], ["gone.yaml"], ["--loud", "rules"]])
def test_wrong_usage_is_told(tmp_path: Path, arguments: list[str]) -> None:
    assert check(*arguments).exit_code == 2


def test_the_examples_pass_strictly() -> None:
    assert check(EXAMPLES, "--strict").exit_code == 0
