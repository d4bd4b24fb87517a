# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms audit public-key`: what signatures of the trail are checked with."""

import json
from pathlib import Path

import click

from sidecar.cli.kms.options import (
    config_option,
    directory_option,
    json_option,
    load_config,
    open_database,
)
from sidecar.errors import Misconfigured
from sidecar.hsm import HsmThread, Token
from sidecar.kms.audit import signing_key
from sidecar.kms.store import Database


@click.command()
@directory_option
@config_option
@json_option
def command(directory: Path, config: Path | None, *, as_json: bool) -> None:
    """Print the public key that the trail is signed for, as PEM.

    The token proves with a signature that the private half is in it; nobody has seen that. Keep
    what this prints away from the machine, beside a head that `verify` printed.
    """
    settings = load_config(directory, config)
    with open_database(directory, config) as database, HsmThread(settings.token) as hsm:
        key = hsm.run(lambda token: _find(database, token))
    if as_json:
        click.echo(json.dumps({"key_id": key.key_id, "public_key": key.pem()}))
    else:
        click.echo(key.pem(), nl=False)


def _find(database: Database, token: Token) -> signing_key.SigningKey:
    with database.snapshot() as connection:
        key = signing_key.find(connection, token)
    if key is None:
        raise Misconfigured("the trail has no key yet; it gets one from: sidecar kms serve")
    return key
