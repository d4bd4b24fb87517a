# SPDX-License-Identifier: Apache-2.0
"""VerifyMac: whether an HMAC over a message is the CMK's; no is an answer, not an error."""

import hmac

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.macs import ALGORITHM, MAX_MAC, MESSAGE, mac_of, mac_only
from sidecar.kms.api.parameters import Parameter, base64_up_to
from sidecar.kms.api.targets import KEY_ID, the_key
from sidecar.kms.limits import Rate
from sidecar.kms.service.states import usable

MAC = Parameter("Mac", base64_up_to(MAX_MAC))


def act(call: Call) -> Answer:
    is_good = hmac.compare_digest(mac_of(call), call[MAC])
    return {"Value": is_good, "KeyId": call.cmk.key_id, "Algorithm": call[ALGORITHM]}


ACTION = Action(
    name="VerifyMac",
    parameters=(KEY_ID, ALGORITHM, MESSAGE, MAC),
    target=the_key,
    states=usable,
    check=mac_only,
    act=act,
    is_write=False,
    use=Rate.SYMMETRIC,
)
