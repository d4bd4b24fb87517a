# SPDX-License-Identifier: Apache-2.0
"""SetKeyPolicy: the policy that hangs on a CMK, beside the policies of those who call.

One that forbids the caller to set another is refused.
"""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.key_policies import POLICY, refuse_lockout
from sidecar.kms.api.targets import KEY_ID, POLICY_NAME, the_key_by_id


def check(call: Call) -> None:
    refuse_lockout(call, call.cmk, call[POLICY])


def act(call: Call) -> Answer:
    call.shelf.change(call.cmk, policy=call[POLICY])
    return {}


ACTION = Action(
    name="SetKeyPolicy",
    parameters=(KEY_ID, POLICY, POLICY_NAME),
    target=the_key_by_id,
    check=check,
    act=act,
    is_write=True,
)
