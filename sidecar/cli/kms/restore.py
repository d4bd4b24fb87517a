# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms restore`: a KMS core from its backup, proven before it gets its place."""

import json
from pathlib import Path

import click

from sidecar.cli.kms.options import (
    FILE,
    directory_option,
    json_option,
    passphrase_option,
    read_passphrase,
)
from sidecar.kms import backup


@click.command()
@click.argument("file", type=FILE)
@directory_option
@passphrase_option
@click.option(
    "--database",
    metavar="URL",
    help="Put the database into this empty one, such as postgresql://kms@db/kms; else DIR/kms.db.",
)
@json_option
def command(
    file: Path,
    directory: Path,
    passphrase_file: Path | None,
    database: str | None,
    *,
    as_json: bool,
) -> None:
    """Make the folder DIR from a backup, wherever it stood before.

    DIR must not be there yet. Paths are rewritten; the audit chain is computed again and every key
    version is looked for in the token before DIR appears, so what is restored can be served. With
    --passphrase-file nothing but a sealed backup is taken; one that is not sealed is believed as it
    stands.

    With --database a core also moves from SQLite to PostgreSQL, where several replicas serve it.
    """
    config = backup.restore(file, directory, read_passphrase(passphrase_file), database)
    if as_json:
        told = {"directory": str(directory.resolve()), "region": config.region}
        click.echo(json.dumps(told))
        return
    click.echo(
        f"A KMS core stands in {directory}, proven. Stop the one that it was taken from, and"
    )
    click.echo(f"serve it with: sidecar kms serve --dir {directory}")
