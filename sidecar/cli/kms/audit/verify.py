# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms audit verify`: is the trail what was written?"""

import json
import re
from pathlib import Path

import click

from sidecar.cli.kms.options import config_option, directory_option, json_option, open_database
from sidecar.kms import audit


@click.command()
@directory_option
@config_option
@click.option(
    "--head", metavar="NUMBER:DIGEST", help="A head that was noted before; it must still be there."
)
@json_option
def command(directory: Path, config: Path | None, head: str | None, *, as_json: bool) -> None:
    """Compute the whole chain again; exit code 1 names the first record that cannot be trusted.

    Prints the head: the number of the last record, and a digest over all of them. Keep it
    elsewhere from time to time: given as --head later, it shows whether the end was cut off.
    """
    anchor = _head(head) if head is not None else None
    with open_database(directory, config) as database, database.snapshot() as connection:
        found = audit.verify(connection, anchor)
    told = {"records": found.sequence, "head": f"{found.sequence}:{found.digest.hex()}"}
    if as_json:
        click.echo(json.dumps({"verified": True, **told}))
    else:
        click.echo(f"verified: {told['records']} records; head {told['head']}")


def _head(text: str) -> audit.Head:
    found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text)
    if found is None:
        raise click.BadParameter(
            "expected NUMBER:DIGEST as `verify` prints it", param_hint="--head"
        )
    return audit.Head(int(found[1]), bytes.fromhex(found[2]))
