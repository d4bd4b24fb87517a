# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms audit tail`: what was done last."""

import json
from pathlib import Path

import click

from sidecar.cli.kms.options import config_option, directory_option, json_option, open_database
from sidecar.kms import audit


@click.command()
@directory_option
@config_option
@click.option(
    "-n",
    "count",
    type=click.IntRange(1, 100_000),
    default=20,
    show_default=True,
    help="At most so many records.",
)
@json_option
def command(directory: Path, config: Path | None, count: int, *, as_json: bool) -> None:
    """Print the newest records, oldest first, one JSON object a line."""
    with open_database(directory, config) as database, database.snapshot() as connection:
        records = [link.record for link in audit.tail(connection, count)]
    if as_json:
        click.echo(json.dumps({"records": [json.loads(record) for record in records]}))
    else:
        click.echo("\n".join(records))
