# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms audit tail`: what was done last."""

import json
from pathlib import Path

import click

from sidecar.cli.kms.options import (
    config_option,
    count_option,
    directory_option,
    json_option,
    open_database,
)
from sidecar.kms import audit


@click.command()
@directory_option
@config_option
@count_option(default=20, most=100_000)
@json_option
def command(directory: Path, config: Path | None, count: int, *, as_json: bool) -> None:
    """Print the newest records, oldest first, one JSON object a line."""
    with open_database(directory, config) as database, database.snapshot() as connection:
        records = [link.record for link in audit.tail(connection, count)]
    if as_json:
        click.echo(json.dumps({"records": [json.loads(record) for record in records]}))
    else:
        click.echo("\n".join(records))
