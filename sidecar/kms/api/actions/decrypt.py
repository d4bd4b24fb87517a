# SPDX-License-Identifier: Apache-2.0
"""Decrypt: what Encrypt or GenerateDataKey sealed, under the same encryption context.

The CMK is found from the blob; the caller needs rights on it.
"""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.crypto import ENCRYPTION_CONTEXT, RECIPIENT, for_this_caller, symmetric
from sidecar.kms.api.targets import CIPHERTEXT_BLOB, the_key_of_the_blob
from sidecar.kms.limits import Rate
from sidecar.kms.service.ciphertext import decrypt
from sidecar.kms.service.states import usable


def act(call: Call) -> Answer:
    blob = call[CIPHERTEXT_BLOB]
    text = decrypt(call.holder(blob.version_id), blob, call[ENCRYPTION_CONTEXT])
    return {
        "Plaintext": text.decode("ascii"),
        "KeyId": call.cmk.key_id,
        "KeyVersionId": blob.version_id,
    }


ACTION = Action(
    name="Decrypt",
    parameters=(CIPHERTEXT_BLOB, ENCRYPTION_CONTEXT, RECIPIENT),
    target=the_key_of_the_blob,
    states=usable,
    facts=symmetric,
    check=for_this_caller,
    use=Rate.SYMMETRIC,
    act=act,
    is_write=False,
)
