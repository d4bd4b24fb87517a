# SPDX-License-Identifier: Apache-2.0
"""ReEncrypt: from one CMK to another, without the plaintext leaving the KMS.

The source is what Encrypt or GenerateDataKey gave, or was encrypted to the public half of a pair
(then SourceKeyId, SourceKeyVersionId and SourceEncryptionAlgorithm say of which). RAM is asked for
ReEncryptFrom on the one CMK and for ReEncryptTo on the other. The answer names the other: its
ciphertext is under that.
"""

import base64
import dataclasses
from collections.abc import Mapping

from sidecar.kms import policy
from sidecar.kms.api.action import Action, Answer, Call, Target
from sidecar.kms.api.asymmetric import ENCRYPTING
from sidecar.kms.api.crypto import symmetric
from sidecar.kms.api.parameters import Parameter, base64_up_to, one_of
from sidecar.kms.api.targets import key_of_blob, named
from sidecar.kms.faults import Fault
from sidecar.kms.limits import Rate
from sidecar.kms.service.ciphertext import (
    Blob,
    Context,
    decrypt,
    encrypt,
    parse_blob,
    parse_context,
    version_id,
)
from sidecar.kms.service.material import holder_of
from sidecar.kms.service.names import KeyName, key_name
from sidecar.kms.service.specs import SPECS
from sidecar.kms.service.states import usable
from sidecar.kms.store import Cmk

MAX_BLOB = 8192 + 64
"""Of the longest plaintext that Encrypt takes: its Base64 text, and what stands around it."""

CIPHERTEXT = Parameter("CiphertextBlob", base64_up_to(MAX_BLOB))
SOURCE_CONTEXT: Parameter[Context] = Parameter(
    "SourceEncryptionContext", parse_context, default={}, is_map=True, audited=True
)
SOURCE_KEY: Parameter[KeyName | None] = Parameter(
    "SourceKeyId", key_name, default=None, audited=True
)
SOURCE_VERSION: Parameter[str | None] = Parameter(
    "SourceKeyVersionId", version_id, default=None, audited=True
)
SOURCE_ALGORITHM: Parameter[str | None] = Parameter(
    "SourceEncryptionAlgorithm", one_of(*ENCRYPTING), default=None, audited=True
)
DESTINATION_KEY = Parameter("DestinationKeyId", key_name, audited=True)
DESTINATION_CONTEXT: Parameter[Context] = Parameter(
    "DestinationEncryptionContext", parse_context, default={}, is_map=True, audited=True
)


def target(call: Call) -> Target:
    source = dataclasses.replace(_source(call), facts=_how_encrypted(call))
    destination = named(call, call[DESTINATION_KEY])
    destination = dataclasses.replace(destination, right="kms:ReEncryptTo")
    return dataclasses.replace(source, right="kms:ReEncryptFrom", also=destination)


def check(call: Call) -> None:
    if not SPECS[_destination(call).key_spec].is_symmetric:
        raise Fault.unsupported_operation()
    spec = SPECS[call.cmk.key_spec]
    if call[SOURCE_KEY] is None:
        if call[SOURCE_ALGORITHM] is not None or call[SOURCE_VERSION] is not None:
            raise Fault.missing_parameter(SOURCE_KEY.name)
        if not spec.is_symmetric:
            raise Fault.unsupported_operation()
        return
    if not spec.allows(call.cmk.key_usage, _given(call, SOURCE_ALGORITHM)):
        raise Fault.invalid_parameter(SOURCE_ALGORITHM.name)
    if call.shelf.materials.find(call.cmk.key_id, _given(call, SOURCE_VERSION)) is None:
        raise Fault.invalid_parameter(SOURCE_VERSION.name)


def act(call: Call) -> Answer:
    destination = _destination(call)
    version = destination.primary_version
    holder = holder_of(call.token, call.shelf, destination, version)
    blob = encrypt(holder, version, _opened(call), call[DESTINATION_CONTEXT])
    return {
        "CiphertextBlob": base64.b64encode(bytes(blob)).decode("ascii"),
        "KeyId": destination.key_id,
        "KeyVersionId": version,
    }


def _opened(call: Call) -> bytes:
    """The Base64 text of the plaintext."""
    if call[SOURCE_KEY] is None:
        blob = _blob(call)
        return decrypt(call.holder(blob.version_id), blob, call[SOURCE_CONTEXT])
    holder = call.holder(_given(call, SOURCE_VERSION))
    algorithm = _given(call, SOURCE_ALGORITHM)
    return base64.b64encode(holder.open(algorithm, call[CIPHERTEXT]))


def _source(call: Call) -> Target:
    asked = call[SOURCE_KEY]
    return key_of_blob(call, _blob(call)) if asked is None else named(call, asked)


def _how_encrypted(call: Call) -> Mapping[str, str]:
    algorithm = call[SOURCE_ALGORITHM]
    return {} if algorithm is None else {policy.ENCRYPTION_ALGORITHM: algorithm}


def _blob(call: Call) -> Blob:
    try:
        return parse_blob(call[CIPHERTEXT])
    except ValueError:
        raise Fault.invalid_parameter(CIPHERTEXT.name) from None


def _destination(call: Call) -> Cmk:
    also = call.target.also
    if also is None or also.cmk is None:
        raise LookupError("the destination was found before")
    return also.cmk


def _given(call: Call, parameter: Parameter[str | None]) -> str:
    """What goes with SourceKeyId must be there when that is."""
    value = call[parameter]
    if value is None:
        raise Fault.missing_parameter(parameter.name)
    return value


ACTION = Action(
    name="ReEncrypt",
    parameters=(
        *(CIPHERTEXT, SOURCE_CONTEXT, SOURCE_KEY, SOURCE_VERSION, SOURCE_ALGORITHM),
        *(DESTINATION_KEY, DESTINATION_CONTEXT),
    ),
    target=target,
    states=usable,
    facts=symmetric,
    check=check,
    act=act,
    is_write=False,
    use=Rate.SYMMETRIC,
)
