# SPDX-License-Identifier: Apache-2.0
"""CancelKeyDeletion: the CMK is enabled again; one without material waits for that again."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.targets import KEY_ID, the_key_by_id
from sidecar.kms.service.states import KeyState, deleting


def act(call: Call) -> Answer:
    material = call.shelf.materials.find(call.cmk.key_id, call.cmk.primary_version)
    has_material = material is not None and material.is_there
    state = KeyState.ENABLED if has_material else KeyState.PENDING_IMPORT
    call.shelf.change(call.cmk, state=state, delete_at=None)
    return {}


ACTION = Action(
    name="CancelKeyDeletion",
    parameters=(KEY_ID,),
    target=the_key_by_id,
    states=deleting,
    act=act,
    is_write=True,
)
