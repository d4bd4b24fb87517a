# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules lookup-key`: the key that a rule with searchable fields or digits needs."""

import asyncio
import json
from base64 import b64encode
from pathlib import Path

import click

from sidecar.cli.remote_kms import called_kms, tls_options
from sidecar.client_tls import ClientTls
from sidecar.keys import KeyContext
from sidecar.keys.providers.kms import KmsProvider


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
@tls_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(  # noqa: PLR0913 - one argument an option
    *,
    cmk: str,
    store: str,
    credentials: Path,
    endpoint: str | None,
    tls: ClientTls,
    as_json: bool,
) -> None:
    """Make a lookup key, for a rule with `search: equality`, `format: digits` or `mask: hash`.

    The KMS makes it and gives it out sealed under the CMK, for this store alone. What is printed is
    that sealed form: it belongs into the rule file and may stand in git. To rotate, put the new key
    first and leave the one before it second; digits take one alone.
    """
    kms = called_kms(credentials, endpoint, tls.or_trusting(credentials.with_name("ca.pem")))
    provider = KmsProvider(kms.endpoint, kms.region, kms.key, tls=kms.tls)
    text = b64encode(asyncio.run(_make_lookup_key(provider, cmk, store))).decode()
    click.echo(json.dumps({"lookup_key": text}) if as_json else f'lookup_keys: ["{text}"]')


async def _make_lookup_key(provider: KmsProvider, cmk: str, store: str) -> bytes:
    async with provider:
        return await provider.generate_lookup_key(cmk, KeyContext(store, tenant=""))
