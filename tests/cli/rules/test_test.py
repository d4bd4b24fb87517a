# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules test`, as transcripts, with its exit codes and its report for CI."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from sidecar.cli import cli
from sidecar.errors import Misconfigured
from tests.rules.samples import FILE, write

EXAMPLES = Path(__file__).parents[3] / "rules"
CASES = """\
version: 1
cases:
  - name: sealed
    request:
      line: PUT crm.internal:8080/customers/c1
      headers: {X-Tenant-Id: acme}
      json: {ssn: canary}
    stored: {json: {ssn: WHAT}}
"""


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["rules", "test", *map(str, arguments)])


def rules(folder: Path, what: str = "<sealed>") -> Path:
    write(folder, CASES.replace("WHAT", what), "rules.test.yaml")
    return write(folder)


def test_cases_beside_a_file_of_rules_are_found(tmp_path: Path) -> None:
    file = rules(tmp_path)
    for paths in ((file,), (tmp_path,), (file, tmp_path / "rules.test.yaml")):
        done = run(*paths)
        assert (done.exit_code, done.output) == (0, "✓ sealed\npassed: 1 case, 0 failed\n")


def test_the_folder_in_which_one_stands_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert run(".").output == "✓ sealed\npassed: 1 case, 0 failed\n"


def test_that_a_rule_only_watches_is_told_where_a_case_fails_by_it(tmp_path: Path) -> None:
    file = rules(tmp_path)
    write(tmp_path, FILE + "    phase: monitor\n")
    problems = json.loads(run(file, "--json").output)["cases"][0]["problems"]
    assert problems[-1] == "rule 'customers' only watches (`phase: monitor`) and changes nothing"


def test_a_failure_is_told_with_its_place_and_without_values(tmp_path: Path) -> None:
    file = rules(tmp_path, "<searchable>")
    report = tmp_path / "report.xml"
    done = run(file, "--junit", report)
    assert done.exit_code == 1
    assert done.output.startswith(
        f"✗ sealed\n    {tmp_path}/rules.test.yaml:3:5\n    $.ssn: expected <searchable>, found enc"
    )
    assert done.output.endswith("failed: 1 case, 1 failed\n")
    assert "canary" not in done.output + report.read_text(encoding="utf-8")
    assert ET.parse(report).getroot().get("failures") == "1"


def test_a_machine_reads_the_same(tmp_path: Path) -> None:
    done = run(rules(tmp_path, "canary"), "--json")
    report = json.loads(done.output)
    assert done.exit_code == 1
    assert report["passed"] is False
    assert report["cases"][0]["name"] == "sealed"
    assert report["cases"][0]["problems"][0].startswith("$.ssn: expected another text of 6")


def test_fields_that_nobody_tries_fail_a_strict_run_alone(tmp_path: Path) -> None:
    file = rules(tmp_path)
    write(tmp_path, FILE + "      email: sealed\n")
    assert run(file).exit_code == 0
    done = run(file, "--strict")
    assert done.exit_code == 1
    assert "untried: no case has email of customers\n" in done.output


def test_rules_without_cases_are_not_passed(tmp_path: Path) -> None:
    done = run(write(tmp_path))
    assert isinstance(done.exception, Misconfigured)
    assert "no cases beside these rules" in done.exception.why


def test_the_examples_pass_strictly() -> None:
    done = run(EXAMPLES, "--strict")
    assert done.exit_code == 0, done.output
