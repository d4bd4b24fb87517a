# SPDX-License-Identifier: Apache-2.0
"""CreatePolicyVersion, GetPolicyVersion, ListPolicyVersions, SetDefaultPolicyVersion, Delete….

A policy has up to five texts; the default one holds.
"""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.parameters import Parameter, one_of
from sidecar.kms.api.ram.named import changeable, the
from sidecar.kms.api.ram.parameters import (
    POLICY_DOCUMENT,
    POLICY_NAME,
    POLICY_TYPE,
    SET_AS_DEFAULT,
    VERSION_ID,
    about,
    check_document,
    roster_of,
)
from sidecar.kms.api.ram.policies import VENDOR_DATE
from sidecar.kms.policy import Kind
from sidecar.kms.ram import refusals
from sidecar.kms.ram.documents import find_text
from sidecar.kms.ram.names import PolicyType
from sidecar.kms.ram.roster import Roster
from sidecar.kms.service.metadata import timestamp
from sidecar.kms.store.ram_tables import RamPolicy, RamPolicyVersion

MAX_VERSIONS = 5
ROTATE_STRATEGY = Parameter(
    "RotateStrategy",
    one_of("None", "DeleteOldestNonDefaultVersionWhenLimitExceeded"),
    default="None",
    audited=True,
)


def _shown(policy: RamPolicy, version: RamPolicyVersion) -> dict[str, object]:
    return {
        "VersionId": f"v{version.version}",
        "IsDefaultVersion": version.version == policy.default_version,
        "PolicyDocument": version.document,
        "CreateDate": timestamp(version.created_at),
    }


def _of_vendor(text: str | None) -> dict[str, object]:
    if text is None:
        raise refusals.not_there("Policy.Version")
    version = {"VersionId": "v1", "IsDefaultVersion": True}
    return {**version, "PolicyDocument": text, "CreateDate": VENDOR_DATE}


def _the_version(roster: Roster, policy: RamPolicy, number: int) -> RamPolicyVersion:
    version = roster.find_version(policy.name, number)
    if version is None:
        raise refusals.not_there("Policy.Version")
    return version


def _create(call: Call) -> Answer:
    roster = roster_of(call)
    policy = changeable(roster, RamPolicy, call[POLICY_NAME])
    versions = roster.versions_of(policy.name)
    if len(versions) >= MAX_VERSIONS:
        if call[ROTATE_STRATEGY] == "None":
            raise refusals.too_many("Policy.Version")
        roster.remove(next(one for one in versions if one.version != policy.default_version))
    policy.last_version += 1
    policy.updated_at = call.now
    version = RamPolicyVersion(
        account=roster.account,
        policy=policy.name,
        version=policy.last_version,
        document=call[POLICY_DOCUMENT],
        created_at=call.now,
    )
    roster.add(version)
    if call[SET_AS_DEFAULT]:
        policy.default_version = policy.last_version
    roster.changed()
    return {"PolicyVersion": _shown(policy, version)}


def _get(call: Call) -> Answer:
    roster = roster_of(call)
    if call[POLICY_TYPE] is PolicyType.SYSTEM:
        text = find_text(roster, PolicyType.SYSTEM, call[POLICY_NAME], call[VERSION_ID])
        return {"PolicyVersion": _of_vendor(text)}
    policy = the(roster, RamPolicy, call[POLICY_NAME])
    return {"PolicyVersion": _shown(policy, _the_version(roster, policy, call[VERSION_ID]))}


def _list(call: Call) -> Answer:
    roster, name = roster_of(call), call[POLICY_NAME]
    if call[POLICY_TYPE] is PolicyType.SYSTEM:
        shown = [_of_vendor(find_text(roster, PolicyType.SYSTEM, name))]
    else:
        policy = the(roster, RamPolicy, name)
        shown = [_shown(policy, version) for version in roster.versions_of(name)]
    return {"PolicyVersions": {"PolicyVersion": shown}}


def _set_default(call: Call) -> Answer:
    roster = roster_of(call)
    policy = changeable(roster, RamPolicy, call[POLICY_NAME])
    policy.default_version = _the_version(roster, policy, call[VERSION_ID]).version
    policy.updated_at = call.now
    roster.changed()
    return {}


def _delete(call: Call) -> Answer:
    roster = roster_of(call)
    policy = changeable(roster, RamPolicy, call[POLICY_NAME])
    version = _the_version(roster, policy, call[VERSION_ID])
    if version.version == policy.default_version:
        raise refusals.still_has("Policy.Version", "Default")
    roster.remove(version)
    roster.changed()
    return {}


ACTIONS = (
    Action(
        name="CreatePolicyVersion",
        parameters=(POLICY_NAME, POLICY_DOCUMENT, SET_AS_DEFAULT, ROTATE_STRATEGY),
        target=about("policy", POLICY_NAME),
        check=check_document(POLICY_DOCUMENT, Kind.IDENTITY),
        act=_create,
        is_write=True,
    ),
    Action(
        name="GetPolicyVersion",
        parameters=(POLICY_NAME, POLICY_TYPE, VERSION_ID),
        target=about("policy", POLICY_NAME),
        act=_get,
        is_write=False,
    ),
    Action(
        name="ListPolicyVersions",
        parameters=(POLICY_NAME, POLICY_TYPE),
        target=about("policy", POLICY_NAME),
        act=_list,
        is_write=False,
    ),
    Action(
        name="SetDefaultPolicyVersion",
        parameters=(POLICY_NAME, VERSION_ID),
        target=about("policy", POLICY_NAME),
        act=_set_default,
        is_write=True,
    ),
    Action(
        name="DeletePolicyVersion",
        parameters=(POLICY_NAME, VERSION_ID),
        target=about("policy", POLICY_NAME),
        act=_delete,
        is_write=True,
    ),
)
