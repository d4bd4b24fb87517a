# SPDX-License-Identifier: Apache-2.0
"""AssumeRole: become a role for a while.

Two have to agree: RAM lets the caller assume roles (`sts:AssumeRole` on the role), and the role's
trust policy lets in this caller or its account.
"""

import re

from sidecar.kms.api.action import Action, Answer, Call, Target
from sidecar.kms.api.parameters import Parameter
from sidecar.kms.api.ram.parameters import word
from sidecar.kms.api.sts.sessions import (
    DURATION,
    POLICY,
    ROLE_ARN,
    ROLE_SESSION_NAME,
    begin,
    check_policy,
    find_role,
    insist_on_trust,
    no_permission,
    told,
)
from sidecar.kms.faults import Fault
from sidecar.kms.policy import EXTERNAL_ID
from sidecar.kms.ram import refusals
from sidecar.kms.ram.names import arn_of
from sidecar.kms.ram.sessions import CHAINED_SECONDS, MAX_SECONDS

EXTERNAL = Parameter(
    "ExternalId", word(re.compile(r"[A-Za-z0-9=,.@:/_-]{2,1224}", re.ASCII)), default=""
)


def target(call: Call) -> Target:
    arn = call[ROLE_ARN]
    return Target((arn_of(arn.account, "role", arn.name),))


def act(call: Call) -> Answer:
    role, caller = find_role(call), call.caller
    if caller is None:
        raise Fault.internal()
    if role is None:
        is_own = call[ROLE_ARN].account == caller.account.id
        # Of another account's roles nobody may find out which there are.
        raise refusals.not_there("Role") if is_own else no_permission(caller.principal())
    facts = {EXTERNAL_ID: call[EXTERNAL]} if call[EXTERNAL] else {}
    insist_on_trust(call, role, caller.names, facts, caller.principal())
    return begin(call, role, CHAINED_SECONDS if caller.session else MAX_SECONDS)


ACTION = Action(
    name="AssumeRole",
    parameters=(ROLE_ARN, ROLE_SESSION_NAME, DURATION, POLICY, EXTERNAL),
    target=target,
    check=check_policy,
    act=act,
    is_write=True,
    told=told,
)
