# SPDX-License-Identifier: Apache-2.0
"""AsymmetricVerify: whether a signature over a digest is the CMK's; no is an answer too."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.asymmetric import (
    DIGEST,
    KEY_VERSION_ID,
    SIGNATURE,
    SIGNING_ALGORITHM,
    named,
    pair_with,
    public_key,
)
from sidecar.kms.api.targets import KEY_ID, the_key
from sidecar.kms.limits import Rate
from sidecar.kms.service.public_keys import verify
from sidecar.kms.service.states import usable


def act(call: Call) -> Answer:
    is_good = verify(public_key(call), call[SIGNING_ALGORITHM], call[DIGEST], call[SIGNATURE])
    return {"Value": is_good, **named(call)}


ACTION = Action(
    name="AsymmetricVerify",
    parameters=(KEY_ID, KEY_VERSION_ID, SIGNING_ALGORITHM, DIGEST, SIGNATURE),
    target=the_key,
    states=usable,
    check=pair_with(SIGNING_ALGORITHM),
    act=act,
    is_write=False,
    use=Rate.ASYMMETRIC,
)
