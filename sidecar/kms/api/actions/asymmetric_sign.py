# SPDX-License-Identifier: Apache-2.0
"""AsymmetricSign: a signature over a digest that the caller has made."""

import base64

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.asymmetric import DIGEST, KEY_VERSION_ID, SIGNING_ALGORITHM, named, pair_with
from sidecar.kms.api.targets import KEY_ID, the_key
from sidecar.kms.limits import Rate
from sidecar.kms.service.states import usable


def act(call: Call) -> Answer:
    signature = call.holder(call[KEY_VERSION_ID]).sign(call[SIGNING_ALGORITHM], call[DIGEST])
    return {"Value": base64.b64encode(signature).decode("ascii"), **named(call)}


ACTION = Action(
    name="AsymmetricSign",
    parameters=(KEY_ID, KEY_VERSION_ID, SIGNING_ALGORITHM, DIGEST),
    target=the_key,
    states=usable,
    check=pair_with(SIGNING_ALGORITHM),
    act=act,
    is_write=False,
    use=Rate.ASYMMETRIC,
)
