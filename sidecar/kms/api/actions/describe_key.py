# SPDX-License-Identifier: Apache-2.0
"""DescribeKey: everything that is told about a CMK."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.targets import KEY_ID, the_key
from sidecar.kms.service.metadata import key_metadata


def act(call: Call) -> Answer:
    return {"KeyMetadata": key_metadata(call.cmk)}


ACTION = Action(name="DescribeKey", parameters=(KEY_ID,), target=the_key, act=act, is_write=False)
