# SPDX-License-Identifier: Apache-2.0
"""DeleteAlias: an alias names nothing any more; its CMK stays as it is."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.targets import ALIAS_NAME, the_alias_and_its_key


def act(call: Call) -> Answer:
    call.shelf.delete_alias(call[ALIAS_NAME])
    return {}


ACTION = Action(
    name="DeleteAlias",
    parameters=(ALIAS_NAME,),
    target=the_alias_and_its_key,
    act=act,
    is_write=True,
)
