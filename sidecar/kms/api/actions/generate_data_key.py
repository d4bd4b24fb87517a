# SPDX-License-Identifier: Apache-2.0
"""GenerateDataKey: a new data key, in clear for use now and encrypted for keeping."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.crypto import (
    ENCRYPTION_CONTEXT,
    KEY_SPEC,
    NUMBER_OF_BYTES,
    RECIPIENT,
    encrypted,
    for_this_caller,
    new_data_key,
    symmetric,
)
from sidecar.kms.api.targets import KEY_ID, the_key
from sidecar.kms.limits import Rate
from sidecar.kms.service.states import usable


def act(call: Call) -> Answer:
    text = new_data_key(call)
    return {"Plaintext": text.decode("ascii"), **encrypted(call, text)}


ACTION = Action(
    name="GenerateDataKey",
    parameters=(KEY_ID, KEY_SPEC, NUMBER_OF_BYTES, ENCRYPTION_CONTEXT, RECIPIENT),
    target=the_key,
    states=usable,
    facts=symmetric,
    check=for_this_caller,
    use=Rate.SYMMETRIC,
    act=act,
    is_write=False,
)
