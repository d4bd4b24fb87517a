# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules explain`: what becomes of one request, and why."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import click

from sidecar.cli.migrate.progress import Progress
from sidecar.codecs import CODECS
from sidecar.errors import Misconfigured
from sidecar.plurals import counted
from sidecar.recorded import Exchange, LeftOut, read_exchanges
from sidecar.rehearsal.account import Account, Side, Site
from sidecar.rehearsal.telling import give_accounts
from sidecar.rules import RuleSet, read_rules

MAX_BYTES = 64 * 1024 * 1024
_MOST_SITES = 20
_MOST_OTHERS = 8


@click.command()
@click.argument("rules", type=click.Path(exists=True, path_type=Path))
@click.argument("request", type=click.File("rb"), default="-")
@click.option("--to", metavar="HOST:PORT", help="The store it goes to, if not the one in its URL.")
@click.option("--entry", type=click.IntRange(min=1), help="Only this entry of a HAR file.")
@click.option("--show-values", is_flag=True, help="Show values, which are hidden otherwise.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
def command(  # noqa: PLR0913 - one argument an option
    rules: Path,
    request: BinaryIO,
    to: str | None,
    entry: int | None,
    *,
    show_values: bool,
    as_json: bool,
) -> None:
    """Tell what the proxy would do with a request: rule, sites, contexts, what would be stored.

    RULES is a file or a folder. REQUEST is a file, or standard input: raw HTTP, a curl command
    (files that it sends are read), or a HAR file, whose answers are told as well; its entries that
    asked no store, or whose answer cannot be read, are counted and left out. No KMS and no store is
    needed; values are sealed under keys that end with the command. A rule in the phase `monitor` is
    told as if it enforced.

    \b
      sidecar rules explain rules/ <<'END'
      curl -X PUT http://crm.internal:8080/customers/1 -H 'X-Tenant-Id: acme' --json '{"ssn": "1"}'
      END
      sidecar rules explain rules/ recorded.har --entry 3
      sidecar rules explain rules/ request.http --to crm.internal:8080

    Values are not shown, nor path segments that no rule spells out: only kinds and lengths.

    \b
    Exit codes: 0 a rule holds for every request, and none is refused; 1 otherwise, and where an
    answer cannot be read; 2 the rules or the request cannot be read.
    """  # noqa: D301 - click's own mark
    rule_set = read_rules(rules)
    found = _chosen(read_exchanges(_whole(request)), entry)
    exchanges = [each for each in found if isinstance(each, Exchange)]
    left_out = Counter(each for each in found if isinstance(each, LeftOut))
    for why, count in left_out.items():
        click.echo(f"sidecar: left out, because they {why}: {count}", err=True)
    if to is not None:
        exchanges = [each.sent_to(to) for each in exchanges]
    telling = give_accounts(rule_set, _with_progress(exchanges), show_values=show_values)
    accounts = asyncio.run(telling)
    if as_json:
        told = [_plain(each) for each in accounts]
        told += [{"left_out": why, "entries": count} for why, count in left_out.items()]
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        click.echo("\n\n".join("\n".join(_lines(each, rule_set)) for each in accounts))
    is_whole = LeftOut.NO_BASE64 not in left_out and all(_is_covered(each) for each in accounts)
    sys.exit(0 if is_whole else 1)


def _whole(request: BinaryIO) -> bytes:
    data = request.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Misconfigured(
            f"a request of more than {MAX_BYTES >> 20} MiB; cut a HAR file in parts"
        )
    return data


def _with_progress(exchanges: list[Exchange]) -> Iterator[Exchange]:
    with Progress("explained", "requests") as progress:
        for number, exchange in enumerate(exchanges):
            progress.tell(number, len(exchanges))
            yield exchange


def _chosen(found: list[Exchange | LeftOut], entry: int | None) -> Sequence[Exchange | LeftOut]:
    if entry is None:
        return found
    if entry > len(found):
        raise Misconfigured(f"there is no entry {entry}, only {len(found)}")
    chosen = found[entry - 1]
    if isinstance(chosen, LeftOut):
        raise Misconfigured(f"entry {entry} {chosen}")
    return [chosen]


def _is_covered(account: Account) -> bool:
    sides = [side for side in (account.request, account.answer) if side]
    return bool(account.rule) and all(side.outcome != "refused" for side in sides)


def _plain(value: Any) -> Any:
    """Named tuples as objects, so that JSON keeps the names."""
    if isinstance(value, tuple):
        fields = getattr(value, "_fields", None)
        if fields is None:
            return [_plain(item) for item in value]
        return {name: _plain(item) for name, item in zip(fields, value, strict=True)}
    return value


def _lines(account: Account, rule_set: RuleSet) -> Iterator[str]:
    yield f"{account.method} {account.host}{account.path}, {counted(account.length, 'byte')}"
    if account.rule:
        rule = next(each for each in rule_set.rules if each.name == account.rule)
        yield f"  rule       {rule.name} ({rule.phase.value}), {rule.where}"
    else:
        yield "  rule       none holds"
    others = list(account.others.items())
    for name, why in others[:_MOST_OTHERS]:
        yield f"  not {name}: {why}"
    if len(others) > _MOST_OTHERS:
        yield f"  nor {len(others) - _MOST_OTHERS} more"
    if account.nearest_host:
        yield (
            f"  no rule names the host {account.host}; for a request that goes to "
            f"{account.nearest_host}, say --to {account.nearest_host}"
        )
    way = "goes to the store" if account.rule else "goes to the store in clear"
    yield from _side_lines("request", account.request, way)
    for path, strays in account.absent.items():
        hint = f"; a member of that name goes in clear at {', '.join(strays)}" if strays else ""
        yield f"    {path} is not in this request{hint}"
    if any(account.absent.values()):
        yield "    where documents are looked for is said by `documents` (LANGUAGE.md, section 7)"
    if account.answer:
        yield from _side_lines("answer", account.answer, "comes to the client")
    if account.phase == "monitor":
        yield "  phase      monitor: nothing of this happens yet; it is counted"


def _side_lines(name: str, side: Side, way: str) -> Iterator[str]:
    if side.refused is not None:
        yield f"  {name:10} refused: {side.refused.status} {side.refused.code}"
        yield f"    the client is told {side.refused.body}"
        if side.refused.code == "unsupported_media_type":
            known = sorted(kind for codec in CODECS for kind in codec.media_types)
            yield f"    Content-Types that are read: {', '.join(known)}"
        return
    yield f"  {name:10} {side.outcome if side.sites else f'{way} as it is'}"
    for site in side.sites[:_MOST_SITES]:
        yield from _site_lines(site)
    if len(side.sites) > _MOST_SITES:
        yield f"    and {len(side.sites) - _MOST_SITES} more"


def _site_lines(site: Site) -> Iterator[str]:
    value = f" {site.value}" if site.value else ""
    yield f"    {site.path}: {site.before}{value} → {site.after}"
    yield f"      {site.treatment}"
    bound = [f"{name} {part!r}" for name, part in site.context._asdict().items() if part]
    yield f"      bound to {', '.join(bound)}"
