# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules test`: rules held to what their authors expect of them."""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from sidecar.errors import Misconfigured
from sidecar.plurals import counted
from sidecar.rehearsal.trials import Run, read_cases, run_cases, write_junit
from sidecar.rules import RuleFile, parse_rules, read_files


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--strict", is_flag=True, help="Fail too where a field is in no case.")
@click.option(
    "--junit",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write what came of the cases into a file of JUnit XML.",
)
@click.option("--show-values", is_flag=True, help="Show values, which are hidden otherwise.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    paths: tuple[Path, ...], *, strict: bool, junit: Path | None, show_values: bool, as_json: bool
) -> None:
    """Run the test cases that stand beside rules, through the very code that the proxy runs.

    PATHS are folders, or files of rules with their cases: beside customers.yaml stands
    customers.test.yaml. No network, KMS or store is needed; values are sealed under keys that end
    with the command. How cases are written is told in sidecar/rehearsal/CASES.md:

    \b
      version: 1
      cases:
        - name: a customer is sealed as it is written
          request:
            line: PUT crm.internal:8080/customers/c1
            headers: {X-Tenant-Id: acme}
            json: {ssn: "078-05-1120", name: Ada}
          stored: {json: {ssn: <sealed>, name: Ada}}
          answer: echo
          reply: {json: {ssn: "078-05-1120", name: Ada}}

    \b
    Exit codes: 0 every case passed; 1 one did not, or --strict and a field is in no case; 2 rules
    or cases cannot be read.
    """  # noqa: D301 - click's own mark
    files = read_files(*_with_cases(paths))
    rule_set, cases = parse_rules(files), read_cases(files)
    if not cases:
        raise Misconfigured(f"{paths[0]}: no cases beside these rules; they stand in *.test.yaml")
    run = asyncio.run(run_cases(rule_set, cases, show_values=show_values))
    if junit is not None:
        write_junit(junit, run)
    passed = not run.failed and not (strict and run.untried)
    click.echo(_as_json(run, passed=passed) if as_json else "\n".join(_lines(run, passed=passed)))
    sys.exit(0 if passed else 1)


def _with_cases(paths: tuple[Path, ...]) -> Iterator[Path]:
    """The paths, and beside each file of rules that of its cases, where it is not named itself."""
    for path in paths:
        yield path
        if path.is_dir():  # it is read whole
            continue
        cases = path.with_name(f"{path.stem}.test{path.suffix}")
        if not RuleFile(path, b"").holds_cases and cases.is_file() and cases not in paths:
            yield cases


def _as_json(run: Run, *, passed: bool) -> str:
    report = {
        "passed": passed,
        "cases": [
            {"name": each.name, "where": each.where, "problems": each.problems}
            for each in run.results
        ],
        "untried": run.untried,
    }
    return json.dumps(report, ensure_ascii=False, indent=2)


def _lines(run: Run, *, passed: bool) -> Iterator[str]:
    for each in run.results:
        yield f"{'✗' if each.problems else '✓'} {each.name}"
        if each.problems:
            yield f"    {each.where}"
            yield from (f"    {problem}" for problem in each.problems)
    for rule, fields in run.untried.items():
        yield f"untried: no case has {', '.join(fields)} of {rule}"
    total = counted(len(run.results), "case")
    yield f"{'passed' if passed else 'failed'}: {total}, {run.failed} failed"
