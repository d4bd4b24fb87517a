# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms audit query`: who did what, to which key, when."""

import datetime as dt
import heapq
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection

from sidecar.cli.kms.options import (
    config_option,
    count_option,
    directory_option,
    json_option,
    open_database,
)
from sidecar.kms.audit.index import FOREVER, Attribute, Position, Query, list_places, search_all

TIME = click.DateTime(["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"])
FILTERS = {
    "user": (Attribute.User, "Whose calls."),
    "action": (Attribute.EventName, "Which action, such as Decrypt."),
    "access-key": (Attribute.EventAccessKeyId, "Signed with which access key id."),
    "key": (Attribute.ResourceName, "About which CMK."),
    "resource-type": (Attribute.ResourceType, "About which kind of thing: ACS::KMS::Key."),
    "rw": (Attribute.EventRW, "Read or Write."),
    "service": (Attribute.ServiceName, "Kms, ActionTrail, …"),
    "id": (Attribute.EventId, "The id of one event, which is that of its request."),
}


def _filters(function: Any) -> Any:
    for name, (attribute, meaning) in reversed(FILTERS.items()):
        function = click.option(f"--{name}", attribute.name, metavar="WORD", help=meaning)(function)
    return function


@click.command()
@directory_option
@config_option
@_filters
@click.option("--account", help="Of one account; an empty word: what no account answers for.")
@click.option("--since", type=TIME, help="From this time on (UTC).")
@click.option("--until", type=TIME, help="Up to this time, this second included.")
@count_option(default=50, most=1_000_000)
@click.option("--oldest-first", is_flag=True, help="Begin at the other end.")
@json_option
def command(  # noqa: PLR0913, PLR0917 - an argument an option
    directory: Path,
    config: Path | None,
    account: str | None,
    since: dt.datetime | None,
    until: dt.datetime | None,
    count: int,
    *,
    oldest_first: bool,
    as_json: bool,
    **words: str | None,
) -> None:
    """Print the records that meet every condition, the newest first, one JSON object a line.

    \b
    Examples:
      sidecar kms audit query --user sidecar --action Decrypt --since 2026-11-25
      sidecar kms audit query --key 711ec606-... -n 5
      sidecar kms audit query --account ''          # strangers, checkpoints, counted refusals

    Accounts ask the same by the vendor's API: LookupEvents (ActionTrail, 2020-07-06).
    """  # noqa: D301 - click's own mark
    conditions = {Attribute[name]: word for name, word in words.items() if word is not None}
    query = Query(
        "", "", _seconds(since, 0), _seconds(until, FOREVER), conditions, not oldest_first
    )
    with open_database(directory, config) as database, database.snapshot() as connection:
        found = [record for _, record in itertools.islice(_all(connection, query, account), count)]
    if as_json:
        click.echo(json.dumps({"records": [json.loads(record) for record in found]}))
    elif found:
        click.echo("\n".join(found))


def _all(
    connection: Connection, query: Query, account: str | None
) -> Iterator[tuple[Position, str]]:
    """Of every account and region in question, in one order."""
    places = [place for place in list_places(connection) if account in (None, place[0])]
    streams = [
        search_all(connection, query._replace(account=place[0], region=place[1]))
        for place in places
    ]
    return heapq.merge(*streams, reverse=query.newest_first)


def _seconds(time: dt.datetime | None, otherwise: int) -> int:
    return int(time.replace(tzinfo=dt.UTC).timestamp()) if time else otherwise
