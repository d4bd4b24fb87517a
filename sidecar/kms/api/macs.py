# SPDX-License-Identifier: Apache-2.0
"""What GenerateMac and VerifyMac share.

An HMAC CMK has one version for ever: nothing in a MAC says under which one it was made.
"""

from sidecar.kms.api.action import Call
from sidecar.kms.api.parameters import Parameter, base64_up_to, one_of
from sidecar.kms.faults import Fault
from sidecar.kms.service.specs import SPECS, Usage

MAX_MESSAGE = 4096
MAX_MAC = 64
_ALGORITHMS = ("HMAC_SM3", "HMAC_SHA_224", "HMAC_SHA_256", "HMAC_SHA_384", "HMAC_SHA_512")

ALGORITHM = Parameter("Algorithm", one_of(*_ALGORITHMS), audited=True)
MESSAGE = Parameter("Message", base64_up_to(MAX_MESSAGE))


def mac_only(call: Call) -> None:
    """Check that the CMK is for MACs, and for this algorithm."""
    spec = SPECS[call.cmk.key_spec]
    if Usage.MAC not in spec.algorithms:
        raise Fault.unsupported_operation()
    if not spec.allows(call.cmk.key_usage, call[ALGORITHM]):
        raise Fault.invalid_parameter(ALGORITHM.name)


def mac_of(call: Call) -> bytes:
    """The MAC of the message."""
    return call.holder(call.cmk.primary_version).mac(call[MESSAGE])
