# SPDX-License-Identifier: Apache-2.0
"""The parameters of the three actions that import material, and for which CMKs they are."""

from sidecar.kms.api.action import Call
from sidecar.kms.api.parameters import Parameter, base64_up_to, integer, one_of
from sidecar.kms.faults import Fault
from sidecar.kms.service.ciphertext import strict_base64, version_id
from sidecar.kms.service.importing import ALGORITHMS
from sidecar.kms.service.specs import EXTERNAL

MAX_WRAPPED = 1024
LAST_SECOND = 9_999_999_999

WRAPPING_KEY_SPEC = Parameter("WrappingKeySpec", one_of("RSA_2048", "EC_SM2"), audited=True)
WRAPPING_ALGORITHM = Parameter("WrappingAlgorithm", one_of(*ALGORITHMS, "SM2PKE"), audited=True)
MATERIAL = Parameter("EncryptedKeyMaterial", base64_up_to(MAX_WRAPPED))
IMPORT_TOKEN = Parameter(
    "ImportToken", lambda text: version_id(strict_base64(text).decode("ascii"))
)
EXPIRES = Parameter("KeyMaterialExpireUnix", integer(0, LAST_SECOND), audited=True)


def external_only(call: Call) -> None:
    """Check that the CMK is one whose material is brought."""
    if call.cmk.origin != EXTERNAL:
        raise Fault.unsupported_origin()
