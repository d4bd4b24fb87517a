# SPDX-License-Identifier: Apache-2.0
"""`sidecar hsm`: a PKCS#11 token, made ready and looked at."""

import json
from pathlib import Path

import click

from sidecar.cli.kms.options import config_option, directory_option, json_option, load_config
from sidecar.hsm import HsmThread, Pkcs11Uri, Token
from sidecar.kms.service.material import best_level
from sidecar.kms.service.specs import SPECS


@click.group()
def command() -> None:
    """Make a PKCS#11 token ready for CMKs, and see what it can hold."""


@command.command(short_help="Make a token ready for a KMS core.")
@click.option(
    "--token", "uri", metavar="URI", required=True, help="Its pkcs11: URI, as in kms.yaml."
)
def prepare(uri: str) -> None:
    """Make a token ready for a KMS core: once, before the first `sidecar kms serve` with it.

    It gets two keys, if it has not got them: an anchor, by which the KMS core knows it again, and a
    root key, under which is sealed what the token itself cannot hold. `sidecar kms init` does this
    for the SoftHSM token that it makes.
    """
    token = Pkcs11Uri.parse(uri)
    with HsmThread(token) as hsm:
        hsm.run(Token.prepare)
    click.echo(f"{token} is ready for a KMS core")


@command.command(short_help="Tell which key specs a token can hold.")
@click.option(
    "--token", "uri", metavar="URI", help="Its pkcs11: URI, where no KMS core has it yet."
)
@directory_option
@config_option
@json_option
def probe(uri: str | None, directory: Path, config: Path | None, *, as_json: bool) -> None:
    """Tell which key specs a token can hold and use, by trying.

    It is the token of the KMS core in DIR, or the one that --token names:

    \b
      sidecar hsm probe --token \\
        'pkcs11:token=kms?module-path=/usr/lib/vendor/pkcs11.so&pin-source=file:/etc/kms/pin'

    A spec that the token can hold is HSM: its material is made in the token and used there. Any
    other is SOFTWARE: its material is sealed under a key of the token, and used in the memory of
    the KMS. CreateKey with ProtectionLevel HSM refuses those; without one it takes what there is.

    The keys of a trial are session objects and go with it; nothing in the token changes. RSA pairs
    take long to make: for them the token's own list of mechanisms is believed.
    """  # noqa: D301 - click's own mark
    token = Pkcs11Uri.parse(uri) if uri else load_config(directory, config).token
    with HsmThread(token) as hsm:
        levels = hsm.run(_levels)
    if as_json:
        click.echo(json.dumps({"token": str(token), "levels": levels}))
        return
    click.echo(str(token))
    for name, level in levels.items():
        click.echo(f"  {name:16} {level}")


def _levels(token: Token) -> dict[str, str]:
    return {name: str(best_level(token, spec)) for name, spec in SPECS.items()}
