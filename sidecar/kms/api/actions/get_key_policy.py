# SPDX-License-Identifier: Apache-2.0
"""GetKeyPolicy: the policy that hangs on a CMK; the default one where it has none of its own."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.targets import KEY_ID, POLICY_NAME, the_key_by_id
from sidecar.kms.service.key_policy import default_policy


def act(call: Call) -> Answer:
    return {"Policy": call.cmk.policy or default_policy(call.cmk.account)}


ACTION = Action(
    name="GetKeyPolicy",
    parameters=(KEY_ID, POLICY_NAME),
    target=the_key_by_id,
    act=act,
    is_write=False,
)
