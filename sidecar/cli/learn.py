# SPDX-License-Identifier: Apache-2.0
"""`sidecar learn`: rules proposed from traffic, live or saved."""

import json
import os
import re
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click
import uvloop

from sidecar import logs
from sidecar.cli.config_option import config_option
from sidecar.config import load_config
from sidecar.errors import Misconfigured
from sidecar.learning import (
    MARK,
    Proposal,
    Traffic,
    propose,
    write_proposal,
)
from sidecar.plurals import counted
from sidecar.recorded import Exchange, LeftOut, read_har

_DURATION = re.compile(r"([0-9]{1,6})(s|m|h)?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, None: 1}


class _Duration(click.ParamType[float]):
    """`90s`, `10m`, `2h`; a number alone is seconds."""

    name = "duration"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        found = _DURATION.fullmatch(str(value))
        if found is None or not int(found[1]):
            self.fail(f"{value!r} is no duration such as 90s, 10m or 2h", param, ctx)
        return float(int(found[1]) * _SECONDS[found[2]])


@click.command()
@config_option("Whose listeners to serve; documented by `sidecar run --help`.")
@click.option(
    "--har",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Learn from a saved file (HTTP Archive) and run no proxy; may be given several times.",
)
@click.option("--for", "seconds", type=_Duration(), help="Stop after so long: 90s, 10m, 2h.")
@click.option("--requests", type=click.IntRange(1), help="Stop after so many requests.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the proposal to a new file instead of standard output.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of rules.")
def command(  # noqa: PLR0913 - one argument an option
    path: Path,
    files: tuple[Path, ...],
    seconds: float | None,
    requests: int | None,
    output: Path | None,
    *,
    as_json: bool,
) -> None:
    """Watch traffic and propose rules for what looks sensitive in it.

    E-mail addresses, telephone numbers, names of people, payment cards, IBANs, passports, Chinese
    resident ids, social security numbers, keys and tokens: found by their form, their check digits
    and the names of their fields; each with its confidence, its counts and the reason. Nothing is
    changed on the way, no KMS is needed, and no value is kept or shown.

    The listeners of the configuration serve as they would under `sidecar run`, but nothing is
    sealed: send them the traffic of a test or a staging system. The proposal comes at the end:
    after --for or --requests, or upon SIGINT (Ctrl-C) or SIGTERM. Rules that are in force beside
    it have to be in `phase: monitor`; their fields are left out. The file of `rules` need not be
    there. Entries of a saved file that asked no store, or whose answer cannot be read, are counted
    and left out.

    \b
      sidecar learn -c sidecar.yaml --for 10m -o proposal.yaml
      sidecar learn --har traffic.har          # as browsers save it
      sidecar rules check proposal.yaml

    Read a proposal before you use it: detectors err both ways, and only you know what else is
    secret. Words in paths and names of members are told as they are, so where people's names stand
    in their place, they may be among them.

    \b
    Exit codes: 0 it ended, whether or not there is anything to propose; 2 wrong usage or
    configuration.
    """  # noqa: D301 - click's own mark
    logs.configure()
    if output is not None:
        _check_place(output)
    traffic, known, left_out = Traffic(), None, Counter[LeftOut]()
    if files:
        if seconds or requests:
            raise click.UsageError("--for and --requests are for live traffic, not for --har")
        for file in files:
            left_out += _replay(file, traffic)
    else:
        from sidecar import live_traffic  # noqa: PLC0415 - a second that --har has no use for

        config = load_config(path)
        known = live_traffic.watched_rules(config)
        uvloop.run(live_traffic.watch(config, traffic, seconds, requests, _announce))
    proposal = propose(traffic, known)
    text = _as_json(proposal, traffic, left_out) if as_json else _as_rules(proposal, traffic)
    _give(text, output)
    _tell(proposal, traffic, output)


def _replay(file: Path, traffic: Traffic) -> Counter[LeftOut]:
    """Learn from `file`; how many of its entries told nothing."""
    try:
        found = read_har(file.read_bytes())
    except OSError as error:
        raise Misconfigured(f"{file}: cannot be read: {error.strerror}") from None
    except Misconfigured as error:
        raise Misconfigured(f"{file}: {error.why}") from None
    for each in found:
        if isinstance(each, Exchange):
            traffic.exchange(each)
    left_out = Counter(each for each in found if isinstance(each, LeftOut))
    for why, count in left_out.items():
        _announce(f"{file}: {counted(count, 'entry', 'entries')} left out, which {why}")
    return left_out


def _check_place(output: Path) -> None:
    """Before a long watch, for what could be found out only after it."""
    if output.exists():
        raise Misconfigured(f"{output} is there already; name a new file")
    if not os.access(output.parent, os.W_OK):
        raise Misconfigured(f"{output.parent} is no folder that may be written to")


def _give(text: str, output: Path | None) -> None:
    try:
        if output is not None:
            with output.open("x", encoding="utf-8") as file:
                file.write(text)
            return
    except OSError as error:
        click.echo(f"sidecar: {output} cannot be written: {error.strerror}", err=True)
    click.echo(text, nl=False)


def _announce(text: str) -> None:
    click.echo(f"sidecar: {text}", err=True)


def _as_rules(proposal: Proposal, traffic: Traffic) -> str:
    return write_proposal(proposal, traffic.summary, MARK)


def _as_json(proposal: Proposal, traffic: Traffic, left_out: Counter[LeftOut]) -> str:
    report = {
        "requests": traffic.requests,
        "entries_left_out": left_out,
        "unread": dict(traffic.unread),
        "left_out": traffic.left_out,
        **asdict(proposal),
    }
    return json.dumps(report, ensure_ascii=False, indent=2) + "\n"


def _tell(proposal: Proposal, traffic: Traffic, output: Path | None) -> None:
    """On standard error: what came of it, and what to do next."""
    likely = [rule for rule in proposal.rules if rule.likely]
    fields = sum(len(rule.likely) for rule in likely)
    found = f"{counted(len(likely), 'rule')} with {counted(fields, 'field')}"
    click.echo(f"sidecar: {traffic.summary}; {found}", err=True)
    for why, count in traffic.unread.items():
        click.echo(f"sidecar: {counted(count, 'request')} not read: {why}", err=True)
    if traffic.left_out:
        click.echo(f"sidecar: {traffic.left_out} routes and fields found no room", err=True)
    for advice in proposal.advice:
        if advice.word != "monitoring":
            click.echo(f"sidecar: {advice.rule}: {advice.why} [{advice.word}]", err=True)
    if output is not None and likely:
        click.echo(f"sidecar: next: sidecar rules check {output}", err=True)
    sys.stderr.flush()
