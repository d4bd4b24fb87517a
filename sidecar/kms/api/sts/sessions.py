# SPDX-License-Identifier: Apache-2.0
"""What both ways to assume a role have in common: the role, its trust, the session, the answer."""

import dataclasses
from collections.abc import Mapping

from sidecar.kms.accounts import DEFAULT_SESSION_SECONDS
from sidecar.kms.api.action import Answer, Call
from sidecar.kms.api.parameters import Parameter, integer, text_up_to
from sidecar.kms.api.ram.parameters import read_document, word
from sidecar.kms.faults import Fault
from sidecar.kms.policy import Denial, Kind, Policy, Source, weigh
from sidecar.kms.ram.names import SESSION_NAME, account_of, arn_of, read_arn
from sidecar.kms.ram.roster import Roster
from sidecar.kms.ram.sessions import MAX_SECONDS, MIN_SECONDS, Terms, open_session
from sidecar.kms.service.metadata import timestamp
from sidecar.kms.store.ram_tables import RamRole

MAX_POLICY = 2048
RIGHT = "sts:AssumeRole"
"""What a trust policy allows, by whichever of the two actions."""

ROLE_ARN = Parameter("RoleArn", lambda text: read_arn(text, "role"), audited=True)
ROLE_SESSION_NAME = Parameter("RoleSessionName", word(SESSION_NAME), audited=True)
DURATION = Parameter(
    "DurationSeconds",
    integer(MIN_SECONDS, MAX_SECONDS),
    default=DEFAULT_SESSION_SECONDS,
    audited=True,
)
POLICY = Parameter("Policy", text_up_to(MAX_POLICY), default="")


def find_role(call: Call) -> RamRole | None:
    """The role that RoleArn names, of an account that there is."""
    arn = call[ROLE_ARN]
    if arn.account not in call.directory.accounts:
        return None
    return Roster(call.connection, arn.account).find(RamRole, arn.name)


def insist_on_trust(
    call: Call,
    role: RamRole,
    names: frozenset[str],
    facts: Mapping[str, str],
    principal: Mapping[str, str],
) -> None:
    """The role's trust policy lets one of `names` in; raise Fault, which tells the `principal`."""
    trust = Policy.kept(role.trust, "trust", Kind.TRUST)
    arn = arn_of(role.account, "role", role.name)
    known = dataclasses.replace(call.origin, kms=facts)
    effect = weigh((trust,), RIGHT, arn, known, names).effect
    if effect != "Allow":
        # Others hear the same of a role that is not there.
        is_told = effect == "Deny" and role.account == call.place.account
        raise no_permission(principal, Denial.EXPLICIT if is_told else Denial.IMPLICIT)


def no_permission(principal: Mapping[str, str], denial: Denial = Denial.IMPLICIT) -> Fault:
    """Of a role that trusts nobody like this, and of one that is not there."""
    return Fault(
        403,
        "NoPermission",
        "You are not authorized to do this action. You should be authorized by RAM.",
        {
            "AuthAction": RIGHT,
            **principal,
            "NoPermissionType": denial,
            "PolicyType": Source.TRUST,
        },
    )


def check_policy(call: Call) -> None:
    """A session policy is one that a user could have."""
    if call[POLICY]:
        read_document(call[POLICY], POLICY.name, Kind.IDENTITY)


def begin(call: Call, role: RamRole, longest: int) -> Answer:
    """Open the session; what both actions answer of it."""
    if call[DURATION] > min(role.max_session, longest):
        raise Fault.invalid_parameter(DURATION.name)
    name = call[ROLE_SESSION_NAME]
    terms = Terms(name, call.now, call[DURATION], call[POLICY])
    made = open_session(call.connection, call.token, role, terms)
    return {
        "AssumedRoleUser": {
            "Arn": arn_of(role.account, "assumed-role", f"{role.name}/{name}"),
            "AssumedRoleId": f"{role.id}:{name}",
        },
        "Credentials": {
            "AccessKeyId": made.access_key_id,
            "AccessKeySecret": made.secret,
            "SecurityToken": made.security_token,
            "Expiration": timestamp(made.expires_at),
        },
    }


def told(answer: Answer) -> Mapping[str, str]:
    """Whose session it is, its access key's id and whose token it was; not the secrets."""
    shown = {
        "AssumedRoleUser": {"Arn": "AssumedRoleArn"},
        "Credentials": {"AccessKeyId": "AccessKeyId"},
        "OIDCTokenInfo": {"Issuer": "OIDCIssuer", "Subject": "OIDCSubject"},
    }
    ids = {
        name: str(part[member])
        for place, members in shown.items()
        if isinstance(part := answer.get(place), dict)
        for member, name in members.items()
    }
    return {**ids, "AccountId": account_of(ids["AssumedRoleArn"])}
