# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules check`: everything that is wrong or unwise about rules, before they hold."""

import json
import sys
from pathlib import Path

import click

from sidecar.cli.rules.stores import checked
from sidecar.errors import Misconfigured
from sidecar.plurals import counted
from sidecar.rules import (
    Advice,
    Faults,
    Rule,
    explain,
    explain_binding,
    explain_condition,
    explain_field,
    lint,
    read_rules,
)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--strict", is_flag=True, help="Let warnings fail the check as errors do.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(paths: tuple[Path, ...], *, strict: bool, as_json: bool) -> None:
    """Read rules as the proxy would, and tell everything that is wrong or unwise about them.

    PATHS are rule files, or folders of *.yaml and *.yml files; all of them hold together.

    \b
    Exit codes: 0 the rules can hold; 1 they cannot, or --strict and there are warnings; 2 wrong
    usage.
    """  # noqa: D301 - click's own mark
    rules: tuple[Rule, ...] = ()
    errors: list[str] = []
    advices: list[Advice] = []
    try:
        rule_set = checked(read_rules(*paths))
    except Faults as faults:
        errors = [error.why for error in faults.found]
    except Misconfigured as error:
        errors = [error.why]
    else:
        rules, advices = rule_set.rules, lint(rule_set)
    passed = not errors and not (strict and advices)
    report = _as_json if as_json else _as_text
    click.echo(report(rules, errors, advices, passed=passed))
    sys.exit(0 if passed else 1)


def _as_json(
    rules: tuple[Rule, ...], errors: list[str], advices: list[Advice], *, passed: bool
) -> str:
    report = {
        "passed": passed,
        "errors": errors,
        "warnings": [advice._asdict() for advice in advices],
        "rules": [explain(rule) for rule in rules],
    }
    return json.dumps(report, ensure_ascii=False, indent=2)


def _as_text(
    rules: tuple[Rule, ...], errors: list[str], advices: list[Advice], *, passed: bool
) -> str:
    lines = [line for rule in rules for line in _rule_lines(rule)]
    lines += [f"error: {error}" for error in errors]
    lines += [f"warning: {item.where}: {item.why} [{item.word}]" for item in advices]
    counts = (len(rules), "rule"), (len(errors), "error"), (len(advices), "warning")
    total = ", ".join(counted(count, noun) for count, noun in counts)
    return "\n".join([*lines, f"{'passed' if passed else 'failed'}: {total}"])


def _rule_lines(rule: Rule) -> list[str]:
    store, hosts = rule.store.name, ", ".join(rule.store.hosts)
    fields = {item.label: explain_field(item) for item in rule.all_fields}
    width = max(map(len, fields))
    return [
        f"{rule.name} ({rule.phase.value}): store {store} at {hosts}, under {rule.cmk.seal}",
        f"  on {', '.join(str(route) for route in rule.routes)}",
        f"  opening for {explain_binding(rule)}",
        *(f"  showing masked values where {explain_condition(each)}" for each in rule.cleared),
        *(f"    {path:{width}}  {meaning}" for path, meaning in fields.items()),
        "",
    ]
