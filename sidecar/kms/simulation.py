# SPDX-License-Identifier: Apache-2.0
"""Who may do what to which CMK: the decisions of calls that nobody makes.

It asks the very functions that decide calls, over the policies in the store, and tells which
statements decided. Nothing of the token is needed, and nothing is changed. Asked is about rights on
one CMK: what is about aliases, certificates or the account as well is not simulated.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from sidecar.kms.accounts import Account
from sidecar.kms.api.action import Action, Target
from sidecar.kms.api.actions import ACTIONS
from sidecar.kms.api.asymmetric import ENCRYPTING, by_algorithm
from sidecar.kms.api.crypto import symmetric
from sidecar.kms.api.key_facts import KeyFacts
from sidecar.kms.api.targets import the_key, the_key_by_id, the_key_of_the_blob
from sidecar.kms.authorization import decide_for
from sidecar.kms.policy import ENCRYPTION_ALGORITHM, Decision, Denial, RequestFacts
from sidecar.kms.ram.caller import Caller
from sidecar.kms.ram.documents import policies_of
from sidecar.kms.ram.names import Kind
from sidecar.kms.ram.roster import Roster
from sidecar.kms.service.names import Place
from sidecar.kms.service.specs import SPECS, Usage
from sidecar.kms.store import Cmk, Shelf
from sidecar.kms.store.ram_tables import RamRole, RamUser
from sidecar.signing import AccessKey

MAX_CMKS = 1_000_000
UNSIGNED = AccessKey("", "")
OPEN_TO_OTHERS = (the_key, the_key_of_the_blob)
"""The ways to a CMK that callers of another account have, where its policy names them."""
OWN_WAYS = frozenset(
    {
        *("TagResource", "UntagResource", "TagResources", "UntagResources", "ListTagResources"),
        "SetDeletionProtection",
    }
)
"""Actions that come to a CMK in ways of their own, those of its own account alone."""


class Right(NamedTuple):
    """What may be asked about a CMK, and the action that needs it."""

    name: str
    action: Action
    is_open_to_others: bool

    def facts(self, cmk: Cmk) -> Mapping[str, str]:
        """What the action tells policies; of several algorithms the first that the CMK knows."""
        if self.action.facts is symmetric:
            return {ENCRYPTION_ALGORITHM: "SYMMETRIC_DEFAULT"}
        if self.action.facts is by_algorithm:
            spec = SPECS[cmk.key_spec]
            known = (one for one in ENCRYPTING if spec.allows(Usage.ENCRYPT, one))
            return {ENCRYPTION_ALGORITHM: next(known, ENCRYPTING[0])}
        return {}


def _rights() -> Iterator[Right]:
    for name, action in ACTIONS.items():
        if action.target is the_key_by_id or name in OWN_WAYS:
            yield Right(f"kms:{name}", action, is_open_to_others=False)
        elif action.target in OPEN_TO_OTHERS:
            yield Right(f"kms:{name}", action, is_open_to_others=True)
        elif name == "ReEncrypt":
            yield Right("kms:ReEncryptFrom", action, is_open_to_others=True)
            yield Right("kms:ReEncryptTo", action, is_open_to_others=True)


RIGHTS: Mapping[str, Right] = {right.name: right for right in _rights()}
"""Every right that is about one CMK, by its name."""


class Verdict(NamedTuple):
    """What would become of one call."""

    caller: Caller
    right: Right
    cmk: Cmk
    decision: Decision

    @property
    def is_out_of_reach(self) -> bool:
        """Whether no policy can allow it, because the caller is of another account."""
        return not self.right.is_open_to_others and self.caller.account.id != self.cmk.account


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


def find_named(connection: Connection, place: Place, name: str) -> Cmk | None:
    """The CMK of this id or alias."""
    shelf = Shelf(connection, place.account, place.region)
    label = shelf.find_alias(name) if name.startswith("alias/") else None
    return shelf.find_key(label.key_id if label else name)


def simulate(
    connection: Connection,
    callers: Iterable[Caller],
    rights: Iterable[Right],
    cmks: Iterable[Cmk],
    facts: RequestFacts,
) -> Iterator[Verdict]:
    """The verdict on every combination; `facts` say how the calls would come."""
    cmks, rights = list(cmks), list(rights)
    for caller in callers:
        for cmk in cmks:
            arn = Place(cmk.region, cmk.account).key(cmk.key_id)
            for right in rights:
                told = KeyFacts(right.facts(cmk), connection, cmk)
                known = dataclasses.replace(facts, kms=told)
                decision = decide_for(caller, right.name, Target((arn,), cmk), known)
                verdict = Verdict(caller, right, cmk, decision)
                if verdict.is_out_of_reach:
                    verdict = verdict._replace(decision=Decision(Denial.IMPLICIT, arn))
                yield verdict
