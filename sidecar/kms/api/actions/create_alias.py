# SPDX-License-Identifier: Apache-2.0
"""CreateAlias: one more name for a CMK."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.targets import KEY_ID, NEW_ALIAS_NAME, the_alias_and_key
from sidecar.kms.faults import Fault
from sidecar.kms.service.states import nameable
from sidecar.kms.store import Label


def check(call: Call) -> None:
    if call.shelf.find_alias(call[NEW_ALIAS_NAME]):
        raise Fault.alias_exists()
    if call.shelf.count_aliases() >= call.quotas.aliases:
        raise Fault.limit_exceeded()


def act(call: Call) -> Answer:
    call.shelf.add_alias(Label(call[NEW_ALIAS_NAME], call.cmk.key_id), call.now)
    return {}


ACTION = Action(
    name="CreateAlias",
    parameters=(KEY_ID, NEW_ALIAS_NAME),
    target=the_alias_and_key(NEW_ALIAS_NAME),
    states=nameable,
    check=check,
    act=act,
    is_write=True,
)
