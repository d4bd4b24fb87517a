# SPDX-License-Identifier: Apache-2.0
"""AsymmetricEncrypt: to the public half of a CMK, which can be done elsewhere as well."""

import base64

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.asymmetric import (
    ENCRYPTING_ALGORITHM,
    KEY_VERSION_ID,
    MAX_CIPHERTEXT,
    by_algorithm,
    named,
    pair_with,
    public_key,
)
from sidecar.kms.api.parameters import Parameter, base64_up_to
from sidecar.kms.api.targets import KEY_ID, the_key
from sidecar.kms.faults import Fault
from sidecar.kms.limits import Rate
from sidecar.kms.service.public_keys import encrypt, max_plaintext
from sidecar.kms.service.states import usable

PLAINTEXT = Parameter("Plaintext", base64_up_to(MAX_CIPHERTEXT))


def check(call: Call) -> None:
    pair_with(ENCRYPTING_ALGORITHM)(call)
    limit = max_plaintext(public_key(call), call[ENCRYPTING_ALGORITHM])
    if not 0 < len(call[PLAINTEXT]) <= limit:
        raise Fault.invalid_parameter(PLAINTEXT.name)


def act(call: Call) -> Answer:
    ciphertext = encrypt(public_key(call), call[ENCRYPTING_ALGORITHM], call[PLAINTEXT])
    return {"CiphertextBlob": base64.b64encode(ciphertext).decode("ascii"), **named(call)}


ACTION = Action(
    name="AsymmetricEncrypt",
    parameters=(KEY_ID, KEY_VERSION_ID, ENCRYPTING_ALGORITHM, PLAINTEXT),
    target=the_key,
    states=usable,
    facts=by_algorithm,
    check=check,
    act=act,
    is_write=False,
    use=Rate.ASYMMETRIC,
)
