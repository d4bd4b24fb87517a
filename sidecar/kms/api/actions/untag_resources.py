# SPDX-License-Identifier: Apache-2.0
"""UntagResources: tags are taken from up to fifty CMKs: those that TagKey names, or All."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.parameters import Parameter, boolean
from sidecar.kms.api.tagging import RESOURCE_TYPE, keys_only
from sidecar.kms.api.targets import RESOURCE_IDS, the_keys
from sidecar.kms.faults import Fault
from sidecar.kms.service.tagging import read_names

ALL = Parameter("All", boolean, default=False, audited=True)
TAG_KEYS: Parameter[list[str]] = Parameter(
    "TagKey", read_names, default=[], is_repeated=True, audited=True
)


def check(call: Call) -> None:
    keys_only(call)
    if not call[TAG_KEYS] and not call[ALL]:
        raise Fault.missing_parameter(TAG_KEYS.name)


def act(call: Call) -> Answer:
    for key_id in call[RESOURCE_IDS]:
        if call[TAG_KEYS]:  # All counts only where no tag is named
            call.shelf.tags.remove(key_id, call[TAG_KEYS])
        else:
            call.shelf.tags.remove_all(key_id)
    return {}


ACTION = Action(
    name="UntagResources",
    parameters=(RESOURCE_TYPE, RESOURCE_IDS, TAG_KEYS, ALL),
    target=lambda call: the_keys(call, RESOURCE_IDS),
    check=check,
    act=act,
    is_write=True,
)
