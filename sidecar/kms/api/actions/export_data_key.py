# SPDX-License-Identifier: Apache-2.0
"""ExportDataKey: a data key that a CMK has encrypted, encrypted to a public key instead.

For whoever holds the private half: a device or a service that has no access to the KMS.
"""

import base64

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.crypto import ENCRYPTION_CONTEXT, symmetric, symmetric_only
from sidecar.kms.api.exporting import PUBLIC_KEY, WRAPPING, exported, wrapping_key
from sidecar.kms.api.targets import CIPHERTEXT_BLOB, the_key_of_the_blob
from sidecar.kms.limits import Rate
from sidecar.kms.service.ciphertext import decrypt
from sidecar.kms.service.states import usable


def check(call: Call) -> None:
    symmetric_only(call)
    wrapping_key(call)


def act(call: Call) -> Answer:
    blob = call[CIPHERTEXT_BLOB]
    text = decrypt(call.holder(blob.version_id), blob, call[ENCRYPTION_CONTEXT])
    return {
        "ExportedDataKey": exported(call, base64.b64decode(text)),
        "KeyId": call.cmk.key_id,
        "KeyVersionId": blob.version_id,
    }


ACTION = Action(
    name="ExportDataKey",
    parameters=(CIPHERTEXT_BLOB, ENCRYPTION_CONTEXT, PUBLIC_KEY, *WRAPPING),
    target=the_key_of_the_blob,
    states=usable,
    facts=symmetric,
    check=check,
    act=act,
    is_write=False,
    use=Rate.SYMMETRIC,
)
