# SPDX-License-Identifier: Apache-2.0
"""TagResource: tags for one resource; one that is there already gets the new value."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.tagging import RESOURCE, TAGS, the_tagged
from sidecar.kms.service.tagging import check_tags


def check(call: Call) -> None:
    check_tags(call.shelf.tags, call.cmk.key_id, call[TAGS])


def act(call: Call) -> Answer:
    call.shelf.tags.put(call.cmk.key_id, call[TAGS])
    return {}


ACTION = Action(
    name="TagResource",
    parameters=(*RESOURCE, TAGS),
    target=the_tagged,
    check=check,
    act=act,
    is_write=True,
)
