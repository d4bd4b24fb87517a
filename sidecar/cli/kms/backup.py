# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms backup`: a KMS core in one file, taken while it serves."""

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
@json_option
def command(file: Path, directory: Path, passphrase_file: Path | None, *, as_json: bool) -> None:
    """Write a KMS core to FILE while it serves: database, SoftHSM token, secrets, configuration.

    All of it is of one moment, and what DIR links to is in it. FILE must not be there yet, nor
    stand in DIR; it is readable by its owner alone. It opens everything that was ever sealed under
    the CMKs, so keep it like the token itself, or seal it: with --passphrase-file it is of use to
    nobody without the passphrase.

    \b
    Examples:
      sidecar kms backup /backup/kms-$(date +%F).tar.gz --dir kms --passphrase-file pass
      sidecar kms restore /backup/kms-2026-11-25.tar.gz --dir restored --passphrase-file pass

    A token that is not SoftHSM in DIR, such as an HSM on the network, is backed up by its maker's
    means, and the rest by this. A backup that was never restored is a hope: restore it into
    another folder from time to time, which proves it.
    """  # noqa: D301 - click's own mark
    taken = backup.take(directory, file, read_passphrase(passphrase_file))
    if as_json:
        told = {"file": str(file), "bytes": taken.size, "sealed": taken.is_sealed}
        click.echo(json.dumps(told | {"holds_token": taken.holds_token}))
        return
    click.echo(f"{file}: {taken.size:,} bytes, {'sealed' if taken.is_sealed else 'not sealed'}")
    if not taken.holds_token:
        click.echo("The token is not in it: it is no SoftHSM token of this folder.")
    elif not taken.is_sealed:
        click.echo("Whoever reads it can use every CMK: keep it like the token itself.")
