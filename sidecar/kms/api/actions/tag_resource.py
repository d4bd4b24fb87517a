# SPDX-License-Identifier: Apache-2.0
"""TagResource: tags for one resource; one that is there already gets the new value."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.tagging import RESOURCE, TAGS, tags_of, the_tagged
from sidecar.kms.service.tagging import check_tags


def check(call: Call) -> None:
    tags, resource_id = tags_of(call)
    check_tags(tags, resource_id, call[TAGS])


def act(call: Call) -> Answer:
    tags, resource_id = tags_of(call)
    tags.put(resource_id, call[TAGS])
    return {}


ACTION = Action(
    name="TagResource",
    parameters=(*RESOURCE, TAGS),
    target=the_tagged,
    check=check,
    act=act,
    is_write=True,
)
