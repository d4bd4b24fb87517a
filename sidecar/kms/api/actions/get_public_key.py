# SPDX-License-Identifier: Apache-2.0
"""GetPublicKey: the public half of a version of a CMK, as PEM, for use elsewhere."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.asymmetric import KEY_VERSION_ID, named, public_key, the_pair
from sidecar.kms.api.targets import KEY_ID, the_key
from sidecar.kms.service.public_keys import pem
from sidecar.kms.service.states import usable


def check(call: Call) -> None:
    the_pair(call)


def act(call: Call) -> Answer:
    return {"PublicKey": pem(public_key(call)), **named(call)}


ACTION = Action(
    name="GetPublicKey",
    parameters=(KEY_ID, KEY_VERSION_ID),
    target=the_key,
    states=usable,
    check=check,
    act=act,
    is_write=False,
)
