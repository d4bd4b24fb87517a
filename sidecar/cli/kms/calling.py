# SPDX-License-Identifier: Apache-2.0
"""What the commands that call a KMS core share: how it is reached, and as whom."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path

import click

from sidecar.cli.kms.options import FILE, directory_option
from sidecar.cli.kms_client import KmsClient
from sidecar.client_tls import ClientTls


def with_client(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a signed call, and a `client` for them."""

    @directory_option
    @click.option("--credentials", type=FILE, help="Instead of DIR/credentials.json.")
    @click.option("--endpoint", metavar="URL", help="Instead of the one in the credentials.")
    @click.option("--ca", type=FILE, help="The CA of an https endpoint; else DIR/ca.pem.")
    @click.option("--cert", type=FILE, help="A client certificate, for a core that wants one.")
    @click.option("--key", type=FILE, help="Its private key (0600).")
    @wraps(function)
    def command(  # noqa: PLR0913 - an argument an option
        *args: object,
        directory: Path,
        credentials: Path | None,
        endpoint: str | None,
        ca: Path | None,
        cert: Path | None,
        key: Path | None,
        **options: object,
    ) -> None:
        if (cert is None) != (key is None):
            raise click.UsageError("--cert and --key go together")
        if ca is None and (own := directory / "ca.pem").exists():
            ca = own
        path = credentials or directory / "credentials.json"
        client = KmsClient.from_file(path, endpoint, ClientTls(ca, cert, key))
        function(*args, client=client, **options)

    return command
