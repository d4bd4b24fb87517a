# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms serve`: the KMS API, until it is told to stop; its help documents `kms.yaml`."""

import dataclasses
import json
from pathlib import Path

import click

from sidecar import logs
from sidecar.cli.kms.options import config_option, directory_option, load_config
from sidecar.cli.paragraphs import unwrapped
from sidecar.kms import config as configuration
from sidecar.kms import key_seeds, limit_reader, server
from sidecar.kms.audit import settings as audit
from sidecar.kms.config import KmsConfig
from sidecar.strict_yaml import find_address

_SECTIONS = (configuration, key_seeds, limit_reader, audit)
"""Whose documentation together is that of `kms.yaml`."""


@click.command(epilog="\n\n".join(unwrapped(section.__doc__) for section in _SECTIONS))
@directory_option
@config_option
@click.option("--listen", metavar="HOST:PORT", help="Listen here instead; port 0 takes a free one.")
@click.option("--exit-with-stdin", is_flag=True, help="End when standard input ends.")
def command(
    directory: Path, config: Path | None, listen: str | None, *, exit_with_stdin: bool
) -> None:
    """Serve the KMS API until SIGTERM or SIGINT; what is under way is finished first.

    Prints one JSON line with the endpoint once it answers. Before it listens, it proves the token,
    the database, and that every key version of the database is in the token. What its
    configuration may say stands below; a change of it needs a restart, one of certificates or of a
    provider's keys does not.
    """
    logs.configure()
    settings = load_config(directory, config)
    if listen is not None:
        settings = _listening(settings, listen)

    def announce(endpoint: str) -> None:
        click.echo(json.dumps({"endpoint": endpoint, "region": settings.region}))

    server.serve(settings, announce, exit_with_stdin=exit_with_stdin)


def _listening(settings: KmsConfig, listen: str) -> KmsConfig:
    address = find_address(listen)
    if address is None:
        raise click.BadParameter(
            "expected HOST:PORT, such as 127.0.0.1:28900", param_hint="--listen"
        )
    host, port = address
    return dataclasses.replace(settings, listen_host=host, listen_port=port)
