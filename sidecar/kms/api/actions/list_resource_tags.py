# SPDX-License-Identifier: Apache-2.0
"""ListResourceTags: the tags of one CMK."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.targets import KEY_ID, the_key_by_id


def act(call: Call) -> Answer:
    key_id = call.cmk.key_id
    tags = [
        {"KeyId": key_id, "TagKey": name, "TagValue": value}
        for name, value in call.shelf.tags.of(key_id).items()
    ]
    return {"Tags": {"Tag": tags}}


ACTION = Action(
    name="ListResourceTags",
    parameters=(KEY_ID,),
    target=the_key_by_id,
    act=act,
    is_write=False,
)
