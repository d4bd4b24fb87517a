# SPDX-License-Identifier: Apache-2.0
"""UntagResource: tags are taken from one resource; what is not there is gone already."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.tagging import RESOURCE, TAG_KEYS, tags_of, the_tagged


def act(call: Call) -> Answer:
    tags, resource_id = tags_of(call)
    tags.remove(resource_id, call[TAG_KEYS])
    return {}


ACTION = Action(
    name="UntagResource",
    parameters=(*RESOURCE, TAG_KEYS),
    target=the_tagged,
    act=act,
    is_write=True,
)
