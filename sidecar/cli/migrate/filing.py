# SPDX-License-Identifier: Apache-2.0
"""One file from the command line: its options, its run, its report and its exit code."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import uvloop

from sidecar import logs
from sidecar.cli.config_option import config_option
from sidecar.cli.migrate import ground
from sidecar.cli.migrate.progress import Progress
from sidecar.cli.migrate.sweeping import stop_on_signals
from sidecar.errors import Misconfigured
from sidecar.fieldpath import FieldPath
from sidecar.keys import Keyring
from sidecar.migration import (
    FORMATS,
    SUFFIXES,
    FileJob,
    FileSweep,
    Purpose,
    Records,
    Report,
    rule_named,
    tenant_reader,
)
from sidecar.rules import Rule, RuleSet


@dataclass(frozen=True)
class FileOrder:
    """What a user has asked for, by the names of the options; `path` is the configuration's."""

    path: Path
    rule: str
    source: Path
    target: Path
    form: str | None
    tenant: str
    tenant_member: str | None
    as_json: bool


def options[F: Callable[..., object]](command: F) -> F:
    """The options of every command that writes a file again."""
    file = click.Path(dir_okay=False, path_type=Path)
    for option in (
        ground.json_option,
        click.option(
            "--format",
            "form",
            type=click.Choice(list(FORMATS)),
            help="What SOURCE holds.  [default: as its name says]",
        ),
        click.option(
            "--tenant-member", metavar="PATH", help="The member of a record that names its tenant."
        ),
        click.option("--tenant", metavar="NAME", default="", help="The tenant of every record."),
        click.option("--rule", required=True, metavar="NAME", help="The rule of the records."),
        config_option("The proxy's configuration: rules and KMS are its."),
        click.argument("target", type=file),
        click.argument("source", type=file),
    ):
        command = option(command)
    return command


def rewrite(order: FileOrder, purpose: Callable[[Rule, Keyring], Purpose]) -> None:
    """Write the file, print the report, and end with its exit code."""
    logs.configure()
    ground.end(uvloop.run(_rewrite(order, purpose)), as_json=order.as_json)


async def _rewrite(order: FileOrder, make_purpose: Callable[[Rule, Keyring], Purpose]) -> Report:
    stop = stop_on_signals()
    form = FORMATS[_format(order)]
    began = time.monotonic()
    async with ground.laid(order.path) as parts:
        rule = _rule(order, parts.rules)
        await ground.prove(rule, parts.keyring)
        member = order.tenant_member and FieldPath.parse(order.tenant_member)
        purpose = make_purpose(rule, parts.keyring)
        job = FileJob(
            form=form,
            records=Records(rule, parts.keyring, media_type=form.media_type, limit=parts.limit),
            purpose=purpose,
            tenant_of=tenant_reader(form, order.tenant, member or None),
            limit=parts.limit,
        )
        with Progress(order.source.name, "bytes") as progress:
            sweep = FileSweep(job, stop, progress.tell)
            coverage = await sweep.write(order.source, order.target)
    if coverage is None:
        click.echo(f"sidecar: stopped; {order.target} was not made", err=True)
    return Report(
        purpose=purpose.name,
        rule=rule.name,
        where=str(order.target),
        tally=sweep.tally,
        coverage=coverage,
        guard="none",
        resumed_at=0,
        seconds=time.monotonic() - began,
    )


def _format(order: FileOrder) -> str:
    form = order.form or SUFFIXES.get(order.source.suffix.lower())
    if form is None:
        raise Misconfigured(f"{order.source}: say --format, one of {', '.join(FORMATS)}")
    return form


def _rule(order: FileOrder, rules: RuleSet) -> Rule:
    rule = rule_named(order.rule, rules)
    has_tenant = bool(order.tenant) or order.tenant_member is not None
    if has_tenant != (rule.tenant_header is not None):
        raise Misconfigured(
            f"rule {rule.name!r} binds to a tenant: say --tenant or --tenant-member"
            if rule.tenant_header
            else f"rule {rule.name!r} binds to no tenant: leave --tenant and --tenant-member out"
        )
    if order.tenant and order.tenant_member is not None:
        raise Misconfigured("--tenant and --tenant-member exclude each other")
    return rule
