# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules verify`: whether a proxy with this trust key would take a set of rules."""

import json
from pathlib import Path

import click

from sidecar.cli.rules.stores import checked
from sidecar.errors import Misconfigured, Refused
from sidecar.rules import RuleSource, Trust


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--trust",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="The public keys whose signatures count.",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    help="The file where a proxy keeps the version that held, to compare with.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(path: Path, trust: Path, state: Path | None, *, as_json: bool) -> None:
    """Tell whether a set of rules is signed by a trusted key, whole and unaltered.

    PATH is a folder, or one file, as the proxy is given it. With --state the set must not be older
    than what held there either. Nothing is written.

    \b
    Exit codes: 0 a proxy would take it; 1 it would not, and why; 2 wrong usage.
    """  # noqa: D301 - click's own mark
    if state is not None and not state.exists():
        click.echo(
            f"sidecar: {state} is not there: nothing held yet that it could be older than", err=True
        )
    source = RuleSource(path, Trust(trust, state))
    try:
        offered = source.read()
        checked(offered.rule_set)
    except Misconfigured as error:
        if as_json:
            click.echo(json.dumps({"passed": False, "error": error.why}, ensure_ascii=False))
            raise SystemExit(1) from None
        raise Refused(error.why) from None
    signed = offered.signed
    if signed is None:
        raise AssertionError
    names = [name for name, _ in signed.files]
    report = {"passed": True, "version": signed.version, "files": names}
    text = f"version {signed.version}, signed and unaltered: {', '.join(names)}"
    click.echo(json.dumps(report, ensure_ascii=False) if as_json else text)
