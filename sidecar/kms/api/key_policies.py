# SPDX-License-Identifier: Apache-2.0
"""A policy of a CMK that would shut out whoever sets it is refused: nobody could take it back."""

import dataclasses

from sidecar.kms.api.action import Call, Target
from sidecar.kms.api.key_facts import KeyFacts
from sidecar.kms.api.parameters import Parameter
from sidecar.kms.authorization import decide_for
from sidecar.kms.faults import Fault
from sidecar.kms.policy import Denial
from sidecar.kms.service.key_policy import read_key_policy
from sidecar.kms.service.names import Place
from sidecar.kms.store import Cmk

POLICY = Parameter("Policy", read_key_policy)
OPTIONAL_POLICY = Parameter(POLICY.name, read_key_policy, default="")
RIGHT = "kms:SetKeyPolicy"


def refuse_lockout(call: Call, cmk: Cmk, policy: str) -> None:
    """Check that the caller could set another policy after this one, as far as it has a say."""
    if call.caller is None:
        raise Fault.internal()
    changed = cmk._replace(policy=policy)
    target = Target((Place(cmk.region, cmk.account).key(cmk.key_id),), changed)
    facts = dataclasses.replace(call.origin, kms=KeyFacts({}, call.connection, changed))
    if decide_for(call.caller, RIGHT, target, facts).denial is Denial.EXPLICIT:
        raise Fault.invalid_parameter(POLICY.name)
