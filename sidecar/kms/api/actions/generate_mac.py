# SPDX-License-Identifier: Apache-2.0
"""GenerateMac: an HMAC over a message, under the primary version of a CMK."""

import base64

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.macs import ALGORITHM, MESSAGE, mac_of, mac_only
from sidecar.kms.api.targets import KEY_ID, the_key
from sidecar.kms.limits import Rate
from sidecar.kms.service.states import usable


def act(call: Call) -> Answer:
    mac = base64.b64encode(mac_of(call)).decode("ascii")
    return {"Mac": mac, "KeyId": call.cmk.key_id, "Algorithm": call[ALGORITHM]}


ACTION = Action(
    name="GenerateMac",
    parameters=(KEY_ID, ALGORITHM, MESSAGE),
    target=the_key,
    states=usable,
    check=mac_only,
    act=act,
    is_write=False,
    use=Rate.SYMMETRIC,
)
