# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms call`: one call of the KMS API, signed."""

import json
import sys
from pathlib import Path

import click

from sidecar.cli.kms.options import FILE, directory_option
from sidecar.cli.kms_client import KmsClient, Refusal
from sidecar.kms.api.products import find_version


@click.command()
@click.argument("action")
@click.argument("parameters", nargs=-1, metavar="[NAME=VALUE]...")
@directory_option
@click.option("--credentials", type=FILE, help="Instead of DIR/credentials.json.")
@click.option("--endpoint", metavar="URL", help="Instead of the one in the credentials.")
@click.option("--ca", type=FILE, help="The CA of an https endpoint; else DIR/ca.pem, if it exists.")
def command(  # noqa: PLR0913, PLR0917 - an argument an option
    action: str,
    parameters: tuple[str, ...],
    directory: Path,
    credentials: Path | None,
    endpoint: str | None,
    ca: Path | None,
) -> None:
    """Sign and send one call of the KMS API, and print the answer as JSON.

    \b
    Examples:
      sidecar kms call CreateKey Description='customers of the shop'
      sidecar kms call CreateAlias KeyId=... AliasName=alias/customers
      sidecar kms call DescribeKey KeyId=alias/customers
      sidecar kms call LookupEvents MaxResults=5

    Actions of RAM, STS and ActionTrail are called by their names as well; a name that KMS has too
    is KMS's. Exit code 1 where the KMS refuses; what it says is printed all the same. A command
    line can be read by others on the machine and stays in the shell's history: no place for a real
    plaintext.
    """  # noqa: D301 - click's own mark
    if ca is None and (own := directory / "ca.pem").exists():
        ca = own
    client = KmsClient.from_file(credentials or directory / "credentials.json", endpoint, ca)
    try:
        answer = client.call(action, dict(map(_parameter, parameters)), find_version(action))
    except Refusal as refusal:
        click.echo(json.dumps(refusal.answer, indent=2))
        sys.exit(1)
    click.echo(json.dumps(answer, indent=2))


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.BadParameter("a parameter is written NAME=VALUE", param_hint="PARAMETERS")
    return name, value
