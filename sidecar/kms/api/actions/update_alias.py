# SPDX-License-Identifier: Apache-2.0
"""UpdateAlias: an alias names another CMK from now on."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.targets import ALIAS_NAME, KEY_ID, the_alias_and_both_keys
from sidecar.kms.faults import Fault
from sidecar.kms.service.states import renameable
from sidecar.kms.store import Label


def check(call: Call) -> None:
    renameable(call.cmk.state)  # the state of the CMK that loses the alias counts for nothing
    if call.shelf.find_alias(call[ALIAS_NAME]) is None:
        raise Fault.alias_not_found()


def act(call: Call) -> Answer:
    call.shelf.move_alias(Label(call[ALIAS_NAME], call.cmk.key_id))
    return {}


ACTION = Action(
    name="UpdateAlias",
    parameters=(KEY_ID, ALIAS_NAME),
    target=the_alias_and_both_keys,
    check=check,
    act=act,
    is_write=True,
)
