# SPDX-License-Identifier: Apache-2.0
"""One sweep from the command line: its options, its run, its report and its exit code."""

import asyncio
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import uvloop

from sidecar import logs
from sidecar.cli.config_option import config_option
from sidecar.cli.migrate import ground
from sidecar.cli.migrate.progress import Progress
from sidecar.keys import Keyring
from sidecar.migration import (
    Collection,
    Journal,
    Purpose,
    Report,
    Sweep,
    bind,
    read_description,
)
from sidecar.rules import Rule


@dataclass(frozen=True)
class Order:
    """What a user has asked for, by the names of the options; `path` is the configuration's."""

    path: Path
    description: Path
    journal: Path | None
    dry_run: bool
    as_json: bool


def options[F: Callable[..., object]](command: F) -> F:
    """The options of every command that sweeps a collection."""
    for option in (
        ground.json_option,
        click.option("--dry-run", is_flag=True, help="Write nothing; say what would be."),
        click.option(
            "--journal",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Where to note how far it is.  [default: beside DESCRIPTION]",
        ),
        config_option("The proxy's configuration: rules and KMS are its."),
        click.argument("description", type=click.Path(dir_okay=False, path_type=Path)),
    ):
        command = option(command)
    return command


def sweep(order: Order, purpose: Callable[[Rule, Keyring], Purpose]) -> None:
    """Sweep, print the report, and end with its exit code."""
    logs.configure()
    ground.end(uvloop.run(_sweep(order, purpose)), as_json=order.as_json)


async def _sweep(order: Order, make_purpose: Callable[[Rule, Keyring], Purpose]) -> Report:
    stop = stop_on_signals()
    description = read_description(order.description)
    async with ground.laid(order.path) as parts:
        collection = bind(description, parts.rules, parts.keyring, parts.limit)
        await ground.prove(collection.rule, parts.keyring)
        purpose = make_purpose(collection.rule, parts.keyring)
        async with collection.store:
            if order.dry_run:
                return await _run(collection, purpose, stop, None)
            path = order.journal or order.description.with_suffix(f".{purpose.name}.journal")
            with Journal(path, f"{purpose.name}\n{collection.journal_key}") as journal:
                return await _run(collection, purpose, stop, journal)


async def _run(
    collection: Collection, purpose: Purpose, stop: asyncio.Event, journal: Journal | None
) -> Report:
    began = time.monotonic()
    name = collection.rule.name
    resumed_at = sum(journal.counts.get("outcomes", {}).values()) if journal else 0
    if resumed_at:
        click.echo(f"sidecar: {name}: going on behind {resumed_at:,} records", err=True)
    with Progress(name, "records", done=resumed_at) as progress:
        sweep = Sweep(collection, purpose, stop, progress.tell)
        await sweep.write(journal)
    coverage = None
    if journal is not None and not stop.is_set():
        total = sweep.tally.records
        with Progress(f"{name}, reading again", "records") as progress:
            tell = partial(progress.tell, total=total)
            coverage = await Sweep(collection, purpose, stop, tell).prove()
    if stop.is_set():
        click.echo("sidecar: stopped; the same command goes on from here", err=True)
    elif journal is not None:
        journal.remove()
    return Report(
        purpose=purpose.name,
        rule=name,
        where=f"the store itself, {collection.store.authority}",
        tally=sweep.tally,
        coverage=coverage,
        guard=collection.guard or "none",
        resumed_at=resumed_at,
        seconds=time.monotonic() - began,
        is_dry=journal is None,
    )


def stop_on_signals() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.log_loop_trouble)
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
