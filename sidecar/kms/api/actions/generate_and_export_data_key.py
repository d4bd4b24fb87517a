# SPDX-License-Identifier: Apache-2.0
"""GenerateAndExportDataKey: a new data key, encrypted twice: under the CMK, and to a public key."""

import base64

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
from sidecar.kms.api.exporting import PUBLIC_KEY, WRAPPING, exported, wrapping_key
from sidecar.kms.api.targets import KEY_ID, the_key
from sidecar.kms.limits import Rate
from sidecar.kms.service.states import usable


def check(call: Call) -> None:
    symmetric_only(call)
    wrapping_key(call)


def act(call: Call) -> Answer:
    text = new_data_key(call)
    return {"ExportedDataKey": exported(call, base64.b64decode(text)), **encrypted(call, text)}


ACTION = Action(
    name="GenerateAndExportDataKey",
    parameters=(KEY_ID, KEY_SPEC, NUMBER_OF_BYTES, ENCRYPTION_CONTEXT, PUBLIC_KEY, *WRAPPING),
    target=the_key,
    states=usable,
    facts=symmetric,
    check=check,
    act=act,
    is_write=False,
    use=Rate.SYMMETRIC,
)
