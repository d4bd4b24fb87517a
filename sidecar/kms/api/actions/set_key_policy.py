# SPDX-License-Identifier: Apache-2.0
"""SetKeyPolicy: the policy that hangs on a CMK, beside the policies of those who call."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.parameters import Parameter
from sidecar.kms.api.targets import KEY_ID, POLICY_NAME, the_key_by_id
from sidecar.kms.service.key_policy import read_key_policy

POLICY = Parameter("Policy", read_key_policy)


def act(call: Call) -> Answer:
    call.shelf.change(call.cmk, policy=call[POLICY])
    return {}


ACTION = Action(
    name="SetKeyPolicy",
    parameters=(KEY_ID, POLICY, POLICY_NAME),
    target=the_key_by_id,
    act=act,
    is_write=True,
)
