# SPDX-License-Identifier: Apache-2.0
"""GenerateDataKeyWithoutPlaintext: a new data key that only its encrypted form is told of."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.crypto import (
    ENCRYPTION_CONTEXT,
    KEY_SPEC,
    NUMBER_OF_BYTES,
    encrypted,
    new_data_key,
    symmetric,
    symmetric_only,
)
from sidecar.kms.api.targets import KEY_ID, the_key
from sidecar.kms.limits import Rate
from sidecar.kms.service.states import usable


def act(call: Call) -> Answer:
    return encrypted(call, new_data_key(call))


ACTION = Action(
    name="GenerateDataKeyWithoutPlaintext",
    parameters=(KEY_ID, KEY_SPEC, NUMBER_OF_BYTES, ENCRYPTION_CONTEXT),
    target=the_key,
    states=usable,
    facts=symmetric,
    check=symmetric_only,
    use=Rate.SYMMETRIC,
    act=act,
    is_write=False,
)
