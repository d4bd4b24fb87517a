# SPDX-License-Identifier: Apache-2.0
"""GetCallerIdentity: who the caller is; everybody may ask."""

from sidecar.kms.api.action import Action, Answer, Call, Target
from sidecar.kms.faults import Fault


def act(call: Call) -> Answer:
    caller = call.caller
    if caller is None:
        raise Fault.internal()
    told: Answer = {
        "AccountId": caller.account.id,
        "Arn": caller.session_arn,
        "IdentityType": "AssumedRoleUser" if caller.session else "RAMUser",
        "PrincipalId": caller.principal_id,
    }
    return {**told, "RoleId" if caller.session else "UserId": caller.id}


ACTION = Action(
    name="GetCallerIdentity",
    target=lambda _: Target(()),
    asks_ram=False,
    act=act,
    is_write=False,
)
