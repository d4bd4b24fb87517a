# SPDX-License-Identifier: Apache-2.0
"""AttachPolicyTo…, DetachPolicyFrom…, ListPoliciesFor…, and, the other way, ListEntitiesForPolicy.

Users, groups and roles are alike here.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from sidecar.kms.api.action import Action, Answer, Call, Target
from sidecar.kms.api.parameters import Parameter
from sidecar.kms.api.ram.named import the
from sidecar.kms.api.ram.parameters import (
    GROUP_NAME,
    POLICY_NAME,
    POLICY_TYPE,
    ROLE_NAME,
    USER_NAME,
    about,
    roster_of,
)
from sidecar.kms.api.ram.policies import described
from sidecar.kms.ram import refusals
from sidecar.kms.ram.names import Kind, PolicyType, arn_of
from sidecar.kms.ram.roster import Roster
from sidecar.kms.service.metadata import timestamp
from sidecar.kms.store.ram_tables import RamAttachment, RamGroup, RamRole, RamUser

MAX_ATTACHMENTS = 20


class Holder(NamedTuple):
    """One kind of those for whom policies hold."""

    kind: Kind
    name: Parameter[str]
    table: type[RamUser | RamGroup | RamRole]


HOLDERS = (
    Holder(Kind.USER, USER_NAME, RamUser),
    Holder(Kind.GROUP, GROUP_NAME, RamGroup),
    Holder(Kind.ROLE, ROLE_NAME, RamRole),
)


def _target(holder: Holder) -> Callable[[Call], Target]:
    def target(call: Call) -> Target:
        account, kind = call.place.account, holder.kind.lower()
        policy_account = account if call[POLICY_TYPE] == "Custom" else "system"
        policy = f"acs:ram::{policy_account}:policy/{call[POLICY_NAME]}"
        return Target((arn_of(account, kind, call[holder.name]), policy))

    return target


def _find(holder: Holder, call: Call, roster: Roster) -> RamAttachment | None:
    the(roster, holder.table, call[holder.name])
    wanted = (call[POLICY_TYPE], call[POLICY_NAME])
    held = roster.attachments_of(holder.kind, call[holder.name])
    return next((one for one in held if (one.policy_type, one.policy) == wanted), None)


def _attach(holder: Holder) -> Callable[[Call], Answer]:
    def act(call: Call) -> Answer:
        roster = roster_of(call)
        described(roster, call[POLICY_TYPE], call[POLICY_NAME])
        if _find(holder, call, roster):
            raise refusals.there_already(f"{holder.kind}.Policy")
        if len(roster.attachments_of(holder.kind, call[holder.name])) >= MAX_ATTACHMENTS:
            raise refusals.too_many(f"{holder.kind}.Policy")
        roster.add(
            RamAttachment(
                account=roster.account,
                kind=holder.kind,
                holder=call[holder.name],
                policy_type=call[POLICY_TYPE],
                policy=call[POLICY_NAME],
                is_seeded=False,
                created_at=call.now,
            )
        )
        roster.changed()
        return {}

    return act


def _detach(holder: Holder) -> Callable[[Call], Answer]:
    def act(call: Call) -> Answer:
        roster = roster_of(call)
        attachment = _find(holder, call, roster)
        if attachment is None:
            raise refusals.not_there(f"{holder.kind}.Policy")
        if attachment.is_seeded:
            raise refusals.seeded(f"{holder.kind}.Policy")
        roster.remove(attachment)
        roster.changed()
        return {}

    return act


def _list(holder: Holder) -> Callable[[Call], Answer]:
    def act(call: Call) -> Answer:
        roster = roster_of(call)
        the(roster, holder.table, call[holder.name])
        shown = [
            {
                **described(roster, PolicyType(one.policy_type), one.policy),
                "AttachDate": timestamp(one.created_at),
            }
            for one in roster.attachments_of(holder.kind, call[holder.name])
        ]
        return {"Policies": {"Policy": shown}}

    return act


def _list_entities(call: Call) -> Answer:
    roster, kind, name = roster_of(call), call[POLICY_TYPE], call[POLICY_NAME]
    described(roster, kind, name)
    attachments = roster.holders_of(kind, name)
    return {
        f"{one.kind}s": {one.kind: list(_shown_holders(roster, attachments, one))}
        for one in HOLDERS
    }


def _shown_holders(
    roster: Roster, attachments: list[RamAttachment], holder: Holder
) -> Iterator[dict[str, object]]:
    for one in attachments:
        if one.kind == holder.kind and (row := roster.find(holder.table, one.holder)):
            shown = {f"{one.kind}Name": row.name, "AttachDate": timestamp(one.created_at)}
            yield {**shown, **_more(row)}


def _more(row: RamUser | RamGroup | RamRole) -> dict[str, object]:
    """What is told of a holder of its kind."""
    match row:
        case RamUser():
            return {"UserId": row.id, "DisplayName": row.display_name}
        case RamGroup():
            return {"Comments": row.comments}
        case RamRole():
            arn = arn_of(row.account, "role", row.name)
            return {"RoleId": row.id, "Arn": arn, "Description": row.description}


def _actions() -> Iterator[Action]:
    for holder in HOLDERS:
        parameters = (POLICY_TYPE, POLICY_NAME, holder.name)
        yield Action(
            name=f"AttachPolicyTo{holder.kind}",
            parameters=parameters,
            target=_target(holder),
            act=_attach(holder),
            is_write=True,
        )
        yield Action(
            name=f"DetachPolicyFrom{holder.kind}",
            parameters=parameters,
            target=_target(holder),
            act=_detach(holder),
            is_write=True,
        )
        yield Action(
            name=f"ListPoliciesFor{holder.kind}",
            parameters=(holder.name,),
            target=about(holder.kind.lower(), holder.name),
            act=_list(holder),
            is_write=False,
        )


ACTIONS = (
    *_actions(),
    Action(
        name="ListEntitiesForPolicy",
        parameters=(POLICY_NAME, POLICY_TYPE),
        target=about("policy", POLICY_NAME),
        act=_list_entities,
        is_write=False,
    ),
)
