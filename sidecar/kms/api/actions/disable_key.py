# SPDX-License-Identifier: Apache-2.0
"""DisableKey: the CMK is disabled; a CMK that is disabled already stays so."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.targets import KEY_ID, the_key_by_id
from sidecar.kms.service.states import KeyState, switchable


def act(call: Call) -> Answer:
    call.shelf.set_state(call.cmk, KeyState.DISABLED)
    return {}


ACTION = Action(
    name="DisableKey",
    parameters=(KEY_ID,),
    target=the_key_by_id,
    states=switchable,
    act=act,
    is_write=True,
)
