# SPDX-License-Identifier: Apache-2.0
"""DeleteKeyMaterial: imported material is destroyed; its CMK waits for the same material again."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.importing import external_only
from sidecar.kms.api.targets import KEY_ID, the_key_by_id
from sidecar.kms.service.importing import forget


def act(call: Call) -> Answer:
    forget(call.token, call.shelf, call.cmk)
    return {}


ACTION = Action(
    name="DeleteKeyMaterial",
    parameters=(KEY_ID,),
    target=the_key_by_id,
    check=external_only,
    act=act,
    is_write=True,
)
