# SPDX-License-Identifier: Apache-2.0
"""TagResources: the same tags for up to fifty CMKs, all of them or none."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.tagging import LISTED_TAGS, RESOURCE_TYPE, keys_only
from sidecar.kms.api.targets import RESOURCE_IDS, the_keys
from sidecar.kms.service.tagging import check_tags


def check(call: Call) -> None:
    keys_only(call)
    for key_id in call[RESOURCE_IDS]:
        check_tags(call.shelf.tags, key_id, call[LISTED_TAGS])


def act(call: Call) -> Answer:
    for key_id in call[RESOURCE_IDS]:
        call.shelf.tags.put(key_id, call[LISTED_TAGS])
    return {}


ACTION = Action(
    name="TagResources",
    parameters=(RESOURCE_TYPE, RESOURCE_IDS, LISTED_TAGS),
    target=lambda call: the_keys(call, RESOURCE_IDS),
    check=check,
    act=act,
    is_write=True,
)
