# SPDX-License-Identifier: Apache-2.0
"""What ExportDataKey and GenerateAndExportDataKey share: encrypting to a caller's public key."""

import base64

from sidecar.kms.api.action import Call
from sidecar.kms.api.asymmetric import ENCRYPTING
from sidecar.kms.api.parameters import Parameter, base64_up_to, one_of
from sidecar.kms.faults import Fault
from sidecar.kms.service.public_keys import encrypt, max_plaintext, spec_of

MAX_PUBLIC_KEY = 1024
"""Bytes of a SubjectPublicKeyInfo in DER: three times that of RSA_2048."""

PUBLIC_KEY = Parameter("PublicKeyBlob", base64_up_to(MAX_PUBLIC_KEY), audited=True)
WRAPPING_KEY_SPEC = Parameter("WrappingKeySpec", one_of("RSA_2048", "EC_SM2"), audited=True)
WRAPPING_ALGORITHM = Parameter("WrappingAlgorithm", one_of(*ENCRYPTING), audited=True)
WRAPPING = (WRAPPING_KEY_SPEC, WRAPPING_ALGORITHM)


def wrapping_key(call: Call) -> bytes:
    """The caller's public key, which must be of the spec that they say, for the algorithm."""
    public, spec = call[PUBLIC_KEY], call[WRAPPING_KEY_SPEC]
    if spec_of(public) != spec:
        raise Fault.invalid_parameter(PUBLIC_KEY.name)
    if (call[WRAPPING_ALGORITHM] == "SM2PKE") != (spec == "EC_SM2"):
        raise Fault.invalid_parameter(WRAPPING_ALGORITHM.name)
    return public


def exported(call: Call, data_key: bytes) -> str:
    """The data key itself, not its Base64 text, encrypted to the caller's public key."""
    public, algorithm = wrapping_key(call), call[WRAPPING_ALGORITHM]
    if len(data_key) > max_plaintext(public, algorithm):
        raise Fault.invalid_parameter(WRAPPING_ALGORITHM.name)
    return base64.b64encode(encrypt(public, algorithm, data_key)).decode("ascii")
