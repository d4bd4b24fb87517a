# SPDX-License-Identifier: Apache-2.0
"""CreatePolicy, GetPolicy, UpdatePolicyDescription, DeletePolicy, ListPolicies."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.parameters import Parameter, text_up_to
from sidecar.kms.api.ram.named import changeable, insist_on_room, the
from sidecar.kms.api.ram.parameters import (
    CASCADING,
    DELETE_VERSIONS,
    DESCRIPTION,
    MARKER,
    MAX,
    MAX_DESCRIPTION,
    MAYBE_POLICY_TYPE,
    NO_TAGS,
    POLICY_DOCUMENT,
    POLICY_NAME,
    POLICY_TYPE,
    about,
    check_document,
    page,
    roster_of,
)
from sidecar.kms.policy import SYSTEM_DOCUMENTS
from sidecar.kms.policy import Kind as PolicyKind
from sidecar.kms.ram import refusals
from sidecar.kms.ram.documents import find_text
from sidecar.kms.ram.names import PolicyType
from sidecar.kms.ram.roster import Roster
from sidecar.kms.service.metadata import timestamp
from sidecar.kms.store.ram_tables import RamPolicy, RamPolicyVersion

VENDOR_DATE = timestamp(0)
"""The vendor's policies have no date here."""
NEW_DESCRIPTION = Parameter("NewDescription", text_up_to(MAX_DESCRIPTION))


def described(roster: Roster, kind: PolicyType, name: str) -> dict[str, object]:
    """What every action tells of a policy; raise Fault where there is none."""
    told: dict[str, object] = {"PolicyName": name, "PolicyType": kind}
    if kind is PolicyType.SYSTEM:
        if name not in SYSTEM_DOCUMENTS:
            raise refusals.not_there("Policy")
        return {**told, "Description": "", "DefaultVersion": "v1"}
    policy = the(roster, RamPolicy, name)
    version = f"v{policy.default_version}"
    return {**told, "Description": policy.description, "DefaultVersion": version}


def _dates(roster: Roster, kind: PolicyType, name: str) -> dict[str, object]:
    policy = roster.find(RamPolicy, name) if kind is PolicyType.CUSTOM else None
    return {
        "CreateDate": timestamp(policy.created_at) if policy else VENDOR_DATE,
        "UpdateDate": timestamp(policy.updated_at) if policy else VENDOR_DATE,
        "AttachmentCount": len(roster.holders_of(kind, name)),
    }


def _create(call: Call) -> Answer:
    roster, name = roster_of(call), call[POLICY_NAME]
    if name in SYSTEM_DOCUMENTS:
        raise refusals.there_already("Policy")
    insist_on_room(roster, RamPolicy, name)
    roster.add(
        RamPolicy(
            account=roster.account,
            name=name,
            description=call[DESCRIPTION],
            default_version=1,
            last_version=1,
            is_seeded=False,
            created_at=call.now,
            updated_at=call.now,
        )
    )
    roster.add(
        RamPolicyVersion(
            account=roster.account,
            policy=name,
            version=1,
            document=call[POLICY_DOCUMENT],
            created_at=call.now,
        )
    )
    roster.changed()
    shown = described(roster, PolicyType.CUSTOM, name)
    return {"Policy": {**shown, "CreateDate": timestamp(call.now)}}


def _get(call: Call) -> Answer:
    roster, kind, name = roster_of(call), call[POLICY_TYPE], call[POLICY_NAME]
    shown = described(roster, kind, name)
    text = find_text(roster, kind, name)
    version = {
        "VersionId": shown["DefaultVersion"],
        "IsDefaultVersion": True,
        "PolicyDocument": text,
        "CreateDate": _dates(roster, kind, name)["UpdateDate"],
    }
    policy = {**shown, **_dates(roster, kind, name), "PolicyDocument": text}
    return {"Policy": policy, "DefaultPolicyVersion": version}


def _describe(call: Call) -> Answer:
    roster = roster_of(call)
    policy = changeable(roster, RamPolicy, call[POLICY_NAME])
    policy.description, policy.updated_at = call[NEW_DESCRIPTION], call.now
    roster.changed()
    shown = described(roster, PolicyType.CUSTOM, policy.name)
    return {"Policy": {**shown, **_dates(roster, PolicyType.CUSTOM, policy.name)}}


def _delete(call: Call) -> Answer:
    """CascadingDelete takes it from whoever has it and drops its versions first."""
    roster = roster_of(call)
    policy = changeable(roster, RamPolicy, call[POLICY_NAME])
    holders = roster.holders_of(PolicyType.CUSTOM, policy.name)
    versions = roster.versions_of(policy.name)
    if holders and not call[CASCADING]:
        raise refusals.still_has("Policy", holders[0].kind)
    if len(versions) > 1 and not (call[CASCADING] or call[DELETE_VERSIONS]):
        raise refusals.still_has("Policy", "Version")
    roster.remove(*holders, *versions, policy)
    roster.changed()
    return {}


def _list(call: Call) -> Answer:
    roster, limit, after = roster_of(call), call[MAX], call[MARKER]
    own = [policy.name for policy in roster.page(RamPolicy, after, limit + 1)]
    named = [(name, PolicyType.CUSTOM) for name in own]
    named += [(name, PolicyType.SYSTEM) for name in SYSTEM_DOCUMENTS if name > after]
    wanted = call[MAYBE_POLICY_TYPE]
    some = sorted(one for one in named if wanted in (None, one[1]))[: limit + 1]
    shown = [
        (name, {**described(roster, kind, name), **_dates(roster, kind, name)})
        for name, kind in some
    ]
    return page(call, ("Policies", "Policy"), shown)


ACTIONS = (
    Action(
        name="CreatePolicy",
        parameters=(POLICY_NAME, POLICY_DOCUMENT, DESCRIPTION, NO_TAGS),
        target=about("policy", POLICY_NAME),
        check=check_document(POLICY_DOCUMENT, PolicyKind.IDENTITY),
        act=_create,
        is_write=True,
    ),
    Action(
        name="GetPolicy",
        parameters=(POLICY_NAME, POLICY_TYPE),
        target=about("policy", POLICY_NAME),
        act=_get,
        is_write=False,
    ),
    Action(
        name="UpdatePolicyDescription",
        parameters=(POLICY_NAME, NEW_DESCRIPTION),
        target=about("policy", POLICY_NAME),
        act=_describe,
        is_write=True,
    ),
    Action(
        name="DeletePolicy",
        parameters=(POLICY_NAME, CASCADING, DELETE_VERSIONS),
        target=about("policy", POLICY_NAME),
        act=_delete,
        is_write=True,
    ),
    Action(
        name="ListPolicies",
        parameters=(MAYBE_POLICY_TYPE, MARKER, MAX, NO_TAGS),
        target=about("policy"),
        act=_list,
        is_write=False,
    ),
)
