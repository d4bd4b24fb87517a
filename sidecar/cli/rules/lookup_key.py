# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules lookup-key`: the key that a rule with searchable fields or digits needs."""

import asyncio
import json
from base64 import b64encode
from pathlib import Path

import click

from sidecar.client_tls import ClientTls
from sidecar.config import read_credentials
from sidecar.errors import Misconfigured
from sidecar.keys import KeyContext
from sidecar.keys.providers.kms import KmsProvider
from sidecar.signing import AccessKey


@click.command()
@click.option("--cmk", required=True, metavar="ID", help="The rule's `cmk`: an alias, id or ARN.")
@click.option("--store", required=True, metavar="NAME", help="The name of the rule's store.")
@click.option(
    "--credentials",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=Path("kms/credentials.json"),
    show_default=True,
    help="The access key to ask with, as `sidecar kms init` writes it.",
)
@click.option("--endpoint", metavar="URL", help="The KMS, if not the one in the credentials.")
@click.option(
    "--ca",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="PEM file of the authority that the KMS is trusted under; else ca.pem beside the "
    "credentials, if it exists.",
)
@click.option(
    "--cert",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A client certificate, for a KMS that wants one.",
)
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Its private key (0600).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(  # noqa: PLR0913 - one argument an option
    *,
    cmk: str,
    store: str,
    credentials: Path,
    endpoint: str | None,
    ca: Path | None,
    cert: Path | None,
    key: Path | None,
    as_json: bool,
) -> None:
    """Make a lookup key, for a rule with `search: equality`, `format: digits` or `mask: hash`.

    The KMS makes it and gives it out sealed under the CMK, for this store alone. What is printed is
    that sealed form: it belongs into the rule file and may stand in git. To rotate, put the new key
    first and leave the one before it second; digits take one alone.
    """
    if (cert is None) != (key is None):
        raise click.UsageError("--cert and --key go together")
    stored = read_credentials(credentials)
    endpoint = endpoint or stored.get("endpoint")
    if endpoint is None:
        raise Misconfigured(f"{credentials}: no endpoint of a KMS here; say --endpoint URL")
    if ca is None and (own := credentials.with_name("ca.pem")).exists():
        ca = own
    access_key = AccessKey(stored["access_key_id"], stored["access_key_secret"])
    provider = KmsProvider(
        endpoint, stored.get("region", ""), access_key, tls=ClientTls(ca, cert, key)
    )
    text = b64encode(asyncio.run(_make_lookup_key(provider, cmk, store))).decode()
    click.echo(json.dumps({"lookup_key": text}) if as_json else f'lookup_keys: ["{text}"]')


async def _make_lookup_key(provider: KmsProvider, cmk: str, store: str) -> bytes:
    async with provider:
        return await provider.generate_lookup_key(cmk, KeyContext(store, tenant=""))
