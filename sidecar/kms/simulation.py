# SPDX-License-Identifier: Apache-2.0
"""Who may do what to which CMK: the decisions of calls that nobody makes.

It asks the very functions that decide calls, over the policies in the store, and tells which
statements decided. Nothing of the token is needed, and nothing is changed.
"""

import dataclasses
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection

from sidecar.kms.accounts import Account
from sidecar.kms.api.action import Target
from sidecar.kms.api.key_facts import KeyFacts
from sidecar.kms.authorization import decide_for
from sidecar.kms.policy import Decision, RequestFacts
from sidecar.kms.ram.caller import Caller
from sidecar.kms.ram.documents import policies_of
from sidecar.kms.ram.names import Kind
from sidecar.kms.ram.roster import Roster
from sidecar.kms.service.names import Place
from sidecar.kms.store import Cmk, Shelf
from sidecar.kms.store.ram_tables import RamRole, RamUser
from sidecar.signing import AccessKey

MAX_CMKS = 1_000_000
UNSIGNED = AccessKey("", "")


class Verdict(NamedTuple):
    """What would become of one call."""

    caller: Caller
    right: str
    cmk: Cmk
    decision: Decision


def list_callers(connection: Connection, account: Account) -> Iterator[Caller]:
    """Every user and role of an account, with the policies that hold for them."""
    roster = Roster(connection, account.id)
    for user in roster.page(RamUser):
        held = policies_of(roster, Kind.USER, user.name)
        yield Caller(account, "user", user.id, user.name, UNSIGNED, held)
    for role in roster.page(RamRole):
        held = policies_of(roster, Kind.ROLE, role.name)
        yield Caller(account, "role", role.id, role.name, UNSIGNED, held)


def list_cmks(connection: Connection, place: Place) -> list[Cmk]:
    """Every CMK of an account in a region."""
    return Shelf(connection, place.account, place.region).list_keys(0, MAX_CMKS)


def find_cmk(connection: Connection, place: Place, name: str) -> Cmk | None:
    """The CMK of this id or alias."""
    shelf = Shelf(connection, place.account, place.region)
    label = shelf.find_alias(name) if name.startswith("alias/") else None
    return shelf.find_key(label.key_id if label else name)


def simulate(
    connection: Connection,
    callers: Iterable[Caller],
    rights: Iterable[str],
    cmks: Iterable[Cmk],
    facts: RequestFacts,
) -> Iterator[Verdict]:
    """The verdict on every combination; `facts` say how the calls would come."""
    cmks, rights = list(cmks), list(rights)
    for caller in callers:
        for cmk in cmks:
            target = Target((Place(cmk.region, cmk.account).key(cmk.key_id),), cmk)
            known = dataclasses.replace(facts, kms=KeyFacts(facts.kms, connection, cmk))
            for right in rights:
                yield Verdict(caller, right, cmk, decide_for(caller, right, target, known))
