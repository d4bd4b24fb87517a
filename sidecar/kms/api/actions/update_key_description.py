# SPDX-License-Identifier: Apache-2.0
"""UpdateKeyDescription: what people are told the CMK is for."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.parameters import Parameter, text_up_to
from sidecar.kms.api.targets import KEY_ID, the_key_by_id
from sidecar.kms.service.metadata import MAX_DESCRIPTION

DESCRIPTION = Parameter("Description", text_up_to(MAX_DESCRIPTION))


def act(call: Call) -> Answer:
    call.shelf.change(call.cmk, description=call[DESCRIPTION])
    return {}


ACTION = Action(
    name="UpdateKeyDescription",
    parameters=(KEY_ID, DESCRIPTION),
    target=the_key_by_id,
    act=act,
    is_write=True,
)
