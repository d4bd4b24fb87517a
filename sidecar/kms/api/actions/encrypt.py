# SPDX-License-Identifier: Apache-2.0
"""Encrypt: up to 6 KiB under a CMK."""

import base64

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.crypto import ENCRYPTION_CONTEXT, encrypted, symmetric, symmetric_only
from sidecar.kms.api.parameters import Parameter, base64_up_to
from sidecar.kms.api.targets import KEY_ID, the_key
from sidecar.kms.limits import Rate
from sidecar.kms.service.states import usable

MAX_PLAINTEXT = 6144
PLAINTEXT = Parameter("Plaintext", base64_up_to(MAX_PLAINTEXT))


def act(call: Call) -> Answer:
    return encrypted(call, base64.b64encode(call[PLAINTEXT]))


ACTION = Action(
    name="Encrypt",
    parameters=(KEY_ID, PLAINTEXT, ENCRYPTION_CONTEXT),
    target=the_key,
    states=usable,
    facts=symmetric,
    check=symmetric_only,
    use=Rate.SYMMETRIC,
    act=act,
    is_write=False,
)
