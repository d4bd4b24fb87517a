# SPDX-License-Identifier: Apache-2.0
"""What the commands that call a KMS core share: how it is reached, and as whom."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path

import click

from sidecar.cli.kms.options import FILE, directory_option
from sidecar.cli.kms_client import KmsClient
from sidecar.cli.remote_kms import tls_options
from sidecar.client_tls import ClientTls


def with_client(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a signed call, and a `client` for them."""

    @directory_option
    @click.option("--credentials", type=FILE, help="Instead of DIR/credentials.json.")
    @click.option("--endpoint", metavar="URL", help="Instead of the one in the credentials.")
    @tls_options
    @wraps(function)
    def command(
        *args: object,
        directory: Path,
        credentials: Path | None,
        endpoint: str | None,
        tls: ClientTls,
        **options: object,
    ) -> None:
        path = credentials or directory / "credentials.json"
        client = KmsClient.from_file(path, endpoint, tls.or_trusting(directory / "ca.pem"))
        function(*args, client=client, **options)

    return command
