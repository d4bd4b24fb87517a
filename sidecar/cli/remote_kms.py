# SPDX-License-Identifier: Apache-2.0
"""The KMS that a command calls: where it is, as whom it is called, and how TLS is made with it."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import NamedTuple

import click

from sidecar.client_tls import ClientTls
from sidecar.config import read_credentials
from sidecar.errors import Misconfigured
from sidecar.signing import AccessKey

_FILE = click.Path(dir_okay=False, path_type=Path)


class CalledKms(NamedTuple):
    """All that a client of it needs."""

    endpoint: str
    region: str
    key: AccessKey
    tls: ClientTls


def called_kms(credentials: Path, endpoint: str | None, tls: ClientTls) -> CalledKms:
    """The KMS that the file of `credentials` is for; `endpoint` wins over the one there.

    Misconfigured where neither says one.
    """
    stored = read_credentials(credentials)
    endpoint = endpoint or stored.endpoint
    if endpoint is None:
        raise Misconfigured(f"{credentials}: no endpoint of a KMS here; say --endpoint URL")
    return CalledKms(endpoint, stored.region or "", stored.key, tls)


def tls_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command --ca, --cert and --key, as one `tls`."""

    @click.option(
        "--ca", type=_FILE, help="The CA of an https endpoint; else ca.pem beside the credentials."
    )
    @click.option("--cert", type=_FILE, help="A client certificate, for a KMS that wants one.")
    @click.option("--key", type=_FILE, help="Its private key (0600).")
    @wraps(function)
    def command(
        *args: object, ca: Path | None, cert: Path | None, key: Path | None, **options: object
    ) -> None:
        if (cert is None) != (key is None):
            raise click.UsageError("--cert and --key go together")
        function(*args, tls=ClientTls(ca, cert, key), **options)

    return command
