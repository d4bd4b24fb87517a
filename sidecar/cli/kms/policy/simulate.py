# SPDX-License-Identifier: Apache-2.0
"""`sidecar kms policy simulate`: who may do what to which CMK, and which statement decides."""

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from sqlalchemy import Connection

from sidecar.cli.kms.options import (
    config_option,
    directory_option,
    json_option,
    load_config,
    open_database,
)
from sidecar.errors import Misconfigured
from sidecar.kms.accounts import Account
from sidecar.kms.api.actions import ACTIONS
from sidecar.kms.config import KmsConfig
from sidecar.kms.policy import Denial, RequestFacts
from sidecar.kms.ram.caller import Caller
from sidecar.kms.service.names import Place
from sidecar.kms.simulation import (
    RIGHTS,
    Right,
    Verdict,
    find_named,
    list_callers,
    list_cmks,
    simulate,
)
from sidecar.kms.store import Cmk
from sidecar.strict_yaml import nearest

USUAL = (
    *("DescribeKey", "GenerateDataKey", "Encrypt", "Decrypt"),
    *("DisableKey", "SetKeyPolicy", "ScheduleKeyDeletion"),
)


@click.command()
@directory_option
@config_option
@click.option("--who", multiple=True, metavar="KIND/NAME", help="user/crm or role/crm; else all.")
@click.option(
    "--action", "actions", multiple=True, help="An action with a CMK; else the usual ones."
)
@click.option("--key", "keys", multiple=True, metavar="ID|ALIAS", help="A CMK; else all.")
@click.option("--account", help="Whose users, roles and CMKs; else those of every account.")
@click.option("--source-ip", default="127.0.0.1", show_default=True, help="Whence they call.")
@click.option("--clear-text", is_flag=True, help="As if they came without TLS.")
@json_option
def command(  # noqa: PLR0913 - an argument an option
    directory: Path,
    config: Path | None,
    *,
    who: Sequence[str],
    actions: Sequence[str],
    keys: Sequence[str],
    account: str | None,
    source_ip: str,
    clear_text: bool,
    as_json: bool,
) -> None:
    """Tell who may do what to which CMK, and which statement decides.

    It reads the database of a core that serves or does not, and decides as the core would: by the
    policies of users, groups and roles, and by the CMK's own. What kms.yaml says counts once the
    core was started with it.

    \b
    Examples:
      sidecar kms policy simulate --who user/sidecar
      sidecar kms policy simulate --action Decrypt --key alias/customers
    """  # noqa: D301 - click's own mark
    settings = load_config(directory, config)
    accounts = [one for one in settings.accounts if account in (None, one.id)]
    if not accounts:
        raise Misconfigured(f"there is no account {account} in the configuration")
    rights = [_right(action) for action in actions or USUAL]
    facts = RequestFacts(source_ip, int(time.time()), secure_transport=not clear_text)
    with open_database(directory, config) as database, database.snapshot() as connection:
        callers = _callers(connection, settings.accounts, who)
        cmks = _cmks(connection, settings, accounts, keys)
        verdicts = [
            verdict
            for verdict in simulate(connection, callers, rights, cmks, facts)
            if who or _is_worth_telling(verdict)
        ]
    if as_json:
        click.echo(json.dumps([_plain(verdict) for verdict in verdicts]))
    else:
        click.echo("\n".join(map(_line, verdicts)) or "There are no CMKs.")


def _right(action: str) -> Right:
    name = action.removeprefix("kms:")
    if (right := RIGHTS.get(f"kms:{name}")) is not None:
        return right
    problem = f"{name!r} is not an action"
    known = [one.removeprefix("kms:") for one in RIGHTS]
    if name in ACTIONS:
        problem += " whose right is about one CMK"
    raise click.BadParameter(problem + nearest(name, known), param_hint="--action")


def _callers(
    connection: Connection, accounts: Sequence[Account], who: Sequence[str]
) -> list[Caller]:
    """Of every account: a CMK may be another's to use as well."""
    callers = [one for account in accounts for one in list_callers(connection, account)]
    names = {f"{one.kind}/{one.name}" for one in callers}
    for name in who:
        if name not in names:
            raise click.BadParameter(
                f"there is no {name}{nearest(name, names)}", param_hint="--who"
            )
    return [one for one in callers if not who or f"{one.kind}/{one.name}" in who]


def _cmks(
    connection: Connection, settings: KmsConfig, accounts: Sequence[Account], keys: Sequence[str]
) -> list[Cmk]:
    places = [Place(region, one.id) for one in accounts for region in settings.regions]
    if not keys:
        return [cmk for place in places for cmk in list_cmks(connection, place)]
    return [cmk for key in keys for cmk in _named(connection, places, key)]


def _named(connection: Connection, places: Sequence[Place], key: str) -> Iterator[Cmk]:
    found = [cmk for place in places if (cmk := find_named(connection, place, key))]
    if not found:
        raise click.BadParameter(f"there is no CMK {key}", param_hint="--key")
    yield from found


def _is_worth_telling(verdict: Verdict) -> bool:
    """That another account's users may nothing goes without saying."""
    is_own = verdict.caller.account.id == verdict.cmk.account
    return is_own or verdict.decision.is_allowed


def _plain(verdict: Verdict) -> dict[str, object]:
    decision = verdict.decision
    return {
        "principal": verdict.caller.arn,
        "action": verdict.right.name,
        "key": Place(verdict.cmk.region, verdict.cmk.account).key(verdict.cmk.key_id),
        "is_allowed": decision.is_allowed,
        "denial": decision.denial,
        "by": [
            {"effect": one.effect, "policy": one.policy, "statement": one.statement}
            for one in decision.by
        ],
    }


def _line(verdict: Verdict) -> str:
    decision, caller = verdict.decision, verdict.caller
    says = "yes" if decision.is_allowed else "no "
    by = ", ".join(f"{one.policy} #{one.statement}" for one in decision.by)
    why = f"by {by}" if by else "nobody allows it"
    if verdict.is_out_of_reach:
        why = "it is of another account"
    elif decision.denial is Denial.IMPLICIT and by:
        why = f"{by} is not enough"
    who = f"{caller.account.id}:{caller.kind}/{caller.name}"
    return f"{says}  {who:40} {verdict.right.name:28} {verdict.cmk.key_id}  {why}"
