# SPDX-License-Identifier: Apache-2.0
"""AsymmetricDecrypt: what was encrypted to the public half of a CMK, here or anywhere."""

import base64

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.asymmetric import (
    CIPHERTEXT,
    ENCRYPTING_ALGORITHM,
    KEY_VERSION_ID,
    by_algorithm,
    named,
    pair_with,
)
from sidecar.kms.api.crypto import RECIPIENT, refuse_recipient
from sidecar.kms.api.targets import KEY_ID, the_key
from sidecar.kms.limits import Rate
from sidecar.kms.service.states import usable


def check(call: Call) -> None:
    refuse_recipient(call)
    pair_with(ENCRYPTING_ALGORITHM)(call)


def act(call: Call) -> Answer:
    holder = call.holder(call[KEY_VERSION_ID])
    plaintext = holder.open(call[ENCRYPTING_ALGORITHM], call[CIPHERTEXT])
    return {"Plaintext": base64.b64encode(plaintext).decode("ascii"), **named(call)}


ACTION = Action(
    name="AsymmetricDecrypt",
    parameters=(KEY_ID, KEY_VERSION_ID, ENCRYPTING_ALGORITHM, CIPHERTEXT, RECIPIENT),
    target=the_key,
    states=usable,
    facts=by_algorithm,
    check=check,
    act=act,
    is_write=False,
    use=Rate.ASYMMETRIC,
)
