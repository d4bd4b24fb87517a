# SPDX-License-Identifier: Apache-2.0
"""`sidecar rewrap report`: which CMKs still protect live data."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import click
import uvloop

from sidecar import logs
from sidecar.cli.config_option import config_option
from sidecar.cli.migrate import ground
from sidecar.cli.migrate.progress import Progress
from sidecar.errors import Misconfigured, Refused
from sidecar.migration import Assessor, Census, Collection, Usage, bind, pages, read_description


@click.command()
@click.argument(
    "descriptions",
    metavar="DESCRIPTION...",
    nargs=-1,
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
)
@config_option("The proxy's configuration: rules and KMS are its.")
@click.option("--key", metavar="NAME", help="Ask about one CMK alone, by id or as rules name it.")
@ground.json_option
def command(descriptions: tuple[Path, ...], path: Path, key: str | None, *, as_json: bool) -> None:
    """Tell which CMKs, and which versions of them, still protect live data: can a key go?

    Each DESCRIPTION names a collection, as `sidecar migrate collection` explains; its `list` is
    enough. Everything is read, nothing is written. The KMS is asked about every sealed data key
    that is found, for what an envelope says of itself proves nothing.

    The answer is `yes` only where nothing is left under the key and nothing was left out: give a
    DESCRIPTION for every rule that names it, and for every collection where a rule holds several.
    A listing of one tenant (`tenant: {value: …}`) leaves the answer open. Only the rules of this
    configuration are looked at: ask about a CMK before its name is taken out of them, for of one
    that no rule names the answer is `unknown`, and ask every installation that names it. Files and
    backups elsewhere are not seen.

    \b
    Examples:
      sidecar rewrap report customers.yaml invoices.yaml
      sidecar rewrap report *.migration.yaml --key alias/customers-2024 && echo "it can go"

    \b
    Exit codes: 0 every question has its answer, or with --key: it can go; 1 otherwise; 2 wrong
    usage or configuration.
    """  # noqa: D301 - click's own mark
    logs.configure()
    usage, records = uvloop.run(_read(descriptions, path))
    ids = sorted(usage.cmks) if key is None else usage.about(key)
    if as_json:
        click.echo(json.dumps(_facts(usage, records, ids), ensure_ascii=False))
    else:
        click.echo("\n".join(_lines(usage, records, ids)))
    answers = {usage.answer(each)[0] for each in ids}
    is_answered = "unknown" not in answers and not usage.troubles
    sys.exit(0 if answers == {"yes"} or (key is None and is_answered) else 1)


async def _read(descriptions: tuple[Path, ...], config: Path) -> tuple[Usage, dict[str, int]]:
    asyncio.get_running_loop().set_exception_handler(logs.log_loop_trouble)
    read = [read_description(path) for path in descriptions]
    census = Census()
    async with ground.laid(config) as parts:
        for description in read:
            collection = bind(description, parts.rules, parts.keyring, parts.limit)
            async with collection.store:
                await _count(collection, census)
        usage = await Assessor(parts.rules, parts.keyring, parts.provider).assess(census)
    return usage, dict(census.records)


async def _count(collection: Collection, census: Census) -> None:
    rule, tenant = collection.rule, collection.description.tenant
    census.begin(rule, tenant.value if tenant else "")
    with Progress(rule.name, "records") as progress:
        async for page in pages(collection):
            for record in page.records:
                try:
                    values = collection.records.look(record)
                    census.count(rule, collection.tenant_of(record), record, values)
                except Refused as error:
                    name = collection.id_of(record) or "without an id"
                    raise Misconfigured(
                        f"{rule.name}: record {name} cannot be read: {error.why}"
                    ) from None
            progress.tell(census.records[rule.name])


def _facts(usage: Usage, records: dict[str, int], ids: list[str]) -> dict[str, Any]:
    return {
        "records": records,
        "cmks": [
            {
                "key_id": key_id,
                "names": usage.cmks[key_id].names,
                "seals_for": usage.cmks[key_id].seals_for,
                "versions": {
                    version_id: {
                        "current": version.is_current,
                        "values": version.values,
                        "lookup_keys": version.lookup_keys,
                    }
                    for version_id, version in usage.cmks[key_id].versions.items()
                },
                "can_go": usage.answer(key_id)[0],
                "against": usage.answer(key_id)[1],
            }
            for key_id in ids
        ],
        "unknown": usage.unknown,
        "troubles": usage.troubles,
    }


def _lines(usage: Usage, records: dict[str, int], ids: list[str]) -> list[str]:
    lines = [f"read: {count:,} records of {name}" for name, count in sorted(records.items())]
    for key_id in ids:
        use = usage.cmks[key_id]
        lines += ["", f"CMK {key_id}  ({', '.join(use.names) or 'no rule names it'})"]
        for version_id, version in sorted(use.versions.items()):
            count = version.values.total()
            now = ", makes data keys now" if version.is_current else ""
            lines.append(f"  version {version_id}: {count:,} values{now}")
            lines += [f"    {n:>9,} {place}" for place, n in version.values.most_common()]
            lines += [f"    a lookup key of rule {rule}" for rule in version.lookup_keys]
        answer, against = usage.answer(key_id)
        lines += [f"  can it go? {answer}", *(f"    {reason}" for reason in against)]
    for place, count in usage.unknown.most_common():
        lines.append(f"nobody can tell the key of {count:,} {place}")
    return [*lines, *usage.troubles]
