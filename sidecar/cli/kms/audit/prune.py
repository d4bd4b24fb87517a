# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms audit prune`: take old records away."""

import datetime as dt
import json
import time
from pathlib import Path

import click

from sidecar.cli.kms.options import (
    config_option,
    directory_option,
    json_option,
    load_config,
    open_database,
)
from sidecar.hsm import HsmThread
from sidecar.kms.audit.pruning import prune

TIME = click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"])


@click.command()
@directory_option
@config_option
@click.option("--before", type=TIME, required=True, help="Keep what is younger (UTC).")
@json_option
def command(directory: Path, config: Path | None, before: dt.datetime, *, as_json: bool) -> None:
    """Take away the records from before a time, so that the rest still verifies.

    The trail is cut at the last checkpoint before that time, and the KMS signs that it begins there
    from now on. What an export of the configuration has not carried on is never taken away. It may
    be done while the KMS serves; the database uses the room again, but its file does not shrink.
    """
    settings = load_config(directory, config)
    exports = [export.name for export in settings.audit.exports]
    bound = int(before.replace(tzinfo=dt.UTC).timestamp())
    with open_database(directory, config) as database, HsmThread(settings.token) as hsm:
        first, removed = prune(database, hsm, bound, exports, int(time.time()))
    if as_json:
        click.echo(json.dumps({"first": first, "removed": removed}))
    else:
        click.echo(f"{removed} records were removed; the trail begins with number {first}")
