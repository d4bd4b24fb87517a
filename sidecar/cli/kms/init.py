# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms init`: a KMS core in a folder, made from nothing."""

import json
from pathlib import Path

import click

from sidecar.cli.kms.options import directory_option, json_option
from sidecar.kms import installation


@click.command()
@directory_option
@click.option(
    "--host",
    "hosts",
    metavar="NAME",
    multiple=True,
    help="A name or address by which clients reach it; may be repeated. Makes it serve over TLS.",
)
@json_option
def command(directory: Path, hosts: tuple[str, ...], *, as_json: bool) -> None:
    """Make a KMS core in a folder: SoftHSM token, database, and two access keys.

    What exists is left alone, so it may be run again. The administrator's access key is printed
    once; it stands in DIR/credentials.json, which only its owner can read. DIR/sidecar.json holds
    another, which may use CMKs but not make, change or delete them: give sidecars that one.

    Without --host it serves plain HTTP on loopback alone. With it there is a private CA as well,
    and a server certificate, which a later `init` with the same names replaces a year before it
    ends. Give clients DIR/ca.pem; its key, DIR/ca.key, stays here.
    """
    made = installation.make(directory, hosts)
    if as_json:
        told = {"directory": str(directory.resolve()), "made": made is not None}
        click.echo(json.dumps(told | (made._asdict() if made else {})))
    elif made is None:
        click.echo(f"{directory} holds a KMS core already; it was left as it is.")
    else:
        click.echo(f"A KMS core stands in {directory}. Its administrator's access key, shown once:")
        click.echo("\n".join(f"  {name:18} {value}" for name, value in made._asdict().items()))
        click.echo(f"Serve it with: sidecar kms serve --dir {directory}")
        click.echo(f"The access key for sidecars stands in {directory / 'sidecar.json'}.")
