# SPDX-License-Identifier: Apache-2.0
"""GetParametersForImport: a public key to wrap material for, and a token that lets it in.

Both are new at each call, belong together and to the CMK, and serve for 24 hours.
"""

import base64

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.importing import WRAPPING_ALGORITHM, WRAPPING_KEY_SPEC, external_only
from sidecar.kms.api.targets import KEY_ID, the_key_by_id
from sidecar.kms.faults import Fault
from sidecar.kms.service.importing import ALGORITHMS, GRANT_SECONDS, grant
from sidecar.kms.service.metadata import timestamp


def check(call: Call) -> None:
    external_only(call)
    if call[WRAPPING_KEY_SPEC] != "RSA_2048":
        raise Fault.unsupported_operation(f"WrappingKeySpec {call[WRAPPING_KEY_SPEC]}")
    if call[WRAPPING_ALGORITHM] not in ALGORITHMS:
        raise Fault.invalid_parameter(WRAPPING_ALGORITHM.name)


def act(call: Call) -> Answer:
    ends = call.now + GRANT_SECONDS
    given, public = grant(
        call.token, call.connection, call.cmk.key_id, call[WRAPPING_ALGORITHM], ends
    )
    return {
        "KeyId": call.cmk.key_id,
        "PublicKey": base64.b64encode(public).decode("ascii"),
        "ImportToken": base64.b64encode(given.token_id.encode()).decode("ascii"),
        "TokenExpireTime": timestamp(ends),
    }


ACTION = Action(
    name="GetParametersForImport",
    parameters=(KEY_ID, WRAPPING_KEY_SPEC, WRAPPING_ALGORITHM),
    target=the_key_by_id,
    check=check,
    act=act,
    is_write=True,
)
