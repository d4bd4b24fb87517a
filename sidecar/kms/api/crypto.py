# SPDX-License-Identifier: Apache-2.0
"""What the data-plane actions share: the encryption context, and the answer that carries a blob."""

import base64
from collections.abc import Mapping

from sidecar.kms import policy
from sidecar.kms.api.action import Answer, Call
from sidecar.kms.api.parameters import Parameter, integer, one_of, text_up_to
from sidecar.kms.faults import Fault
from sidecar.kms.service.ciphertext import Context, encrypt, parse_context
from sidecar.kms.service.specs import SPECS


def symmetric(_: Call) -> Mapping[str, str]:
    """What a policy may ask about every action with a CMK that encrypts by itself."""
    return {policy.ENCRYPTION_ALGORITHM: "SYMMETRIC_DEFAULT"}


ENCRYPTION_CONTEXT: Parameter[Context] = Parameter(
    "EncryptionContext", parse_context, default={}, is_map=True, audited=True
)

KEY_SPEC_BYTES = {"AES_256": 32, "AES_128": 16}
KEY_SPEC: Parameter[str] = Parameter(
    "KeySpec", one_of(*KEY_SPEC_BYTES), default="AES_256", audited=True
)
NUMBER_OF_BYTES: Parameter[int | None] = Parameter(
    "NumberOfBytes", integer(1, 1024), default=None, audited=True
)


RECIPIENT = Parameter("Recipient", text_up_to(65536), default="")
"""An attestation of an enclave, for which the answer would be encrypted."""


def refuse_recipient(call: Call) -> None:
    """Never ignored: whoever sends one counts on an answer that only the enclave can read."""
    if call[RECIPIENT]:
        raise Fault.unsupported_operation(f"Parameter {RECIPIENT.name}")


def symmetric_only(call: Call) -> None:
    """Check that the CMK encrypts by itself, and is no pair and no key for MACs."""
    if not SPECS[call.cmk.key_spec].is_symmetric:
        raise Fault.unsupported_operation()


def for_this_caller(call: Call) -> None:
    """Check that the CMK encrypts by itself, and that the answer may be in clear."""
    symmetric_only(call)
    refuse_recipient(call)


def encrypted(call: Call, text: bytes) -> Answer:
    """Encrypt a Base64 text under the CMK's primary version: the answer, less the plaintext."""
    version_id = call.cmk.primary_version
    blob = encrypt(call.holder(version_id), version_id, text, call[ENCRYPTION_CONTEXT])
    return {
        "CiphertextBlob": base64.b64encode(bytes(blob)).decode("ascii"),
        "KeyId": call.cmk.key_id,
        "KeyVersionId": version_id,
    }


def new_data_key(call: Call) -> bytes:
    """The Base64 text of a new data key; NumberOfBytes wins over KeySpec."""
    size = call[NUMBER_OF_BYTES] or KEY_SPEC_BYTES[call[KEY_SPEC]]
    return base64.b64encode(call.token.random(size))
