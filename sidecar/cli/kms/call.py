# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms call`: one call of the KMS API, signed."""

import json
import sys

import click

from sidecar.cli.kms.calling import with_client
from sidecar.cli.kms_client import KmsClient, Refusal
from sidecar.kms.api.products import find_version


@click.command()
@click.argument("action")
@click.argument("parameters", nargs=-1, metavar="[NAME=VALUE]...")
@with_client
def command(action: str, parameters: tuple[str, ...], client: KmsClient) -> None:
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
