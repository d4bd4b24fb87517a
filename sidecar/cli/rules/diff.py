# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules diff`: what becomes protected, unprotected, unreadable, before it happens."""

import json
import shlex
import sys
from collections.abc import Iterator

import click

from sidecar.cli.rules.revision import read_side
from sidecar.cli.rules.stores import checked
from sidecar.errors import Misconfigured
from sidecar.plurals import counted
from sidecar.rules import CHANGES, Change, compare
from sidecar.strict_yaml import nearest


@click.command()
@click.argument("old")
@click.argument("new")
@click.option(
    "--acknowledge",
    "acknowledged",
    multiple=True,
    metavar="WORD[:RULE[:WHAT]]",
    help="A dangerous change that is meant: one, all of a rule, or all; may be given again.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(old: str, new: str, acknowledged: tuple[str, ...], *, as_json: bool) -> None:
    """Tell what changes when the rules NEW take the place of OLD.

    Each is a file, a folder, or REVISION:PATH of git. What requests are no longer held, which
    values go in clear, which stored ones no longer open or are no longer found: such changes are
    dangerous, and refused until they are acknowledged by their words. The words are explained in
    LANGUAGE.md, section 13.

    \b
      sidecar rules diff HEAD:rules rules/
      sidecar rules diff main:rules rules/ --acknowledge removed-field:customers:ssn

    \b
    Exit codes: 0 nothing dangerous, or all of it is acknowledged; 1 something is not; 2 rules
    cannot be read.
    """  # noqa: D301 - click's own mark
    for each in acknowledged:
        word = each.partition(":")[0]
        if word not in CHANGES:
            raise Misconfigured(f"--acknowledge {each}: no such change{nearest(word, CHANGES)}")
    changes = compare(read_side(old), checked(read_side(new)))
    meant = frozenset(acknowledged)
    refused = [each for each in changes if each.is_dangerous and not _is_meant(each, meant)]
    if as_json:
        report = [{**each._asdict(), "refused": each in refused} for each in changes]
        click.echo(json.dumps({"passed": not refused, "changes": report}, ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(changes, refused)))
    sys.exit(1 if refused else 0)


def _is_meant(change: Change, acknowledged: frozenset[str]) -> bool:
    return not acknowledged.isdisjoint(change.names)


def _lines(changes: list[Change], refused: list[Change]) -> Iterator[str]:
    for each in changes:
        mark = "✗" if each in refused else "!" if each.is_dangerous else " "
        yield f"{mark} {each.effect.value:11} {each.rule}: {each.why} [{each.word}]"
    if refused:
        words = dict.fromkeys(f"--acknowledge {shlex.quote(each.names[-1])}" for each in refused)
        yield f"refused: {len(refused)} dangerous; once they are meant, say {' '.join(words)}"
    else:
        yield f"passed: {counted(len(changes), 'change') if changes else 'nothing changes'}"
