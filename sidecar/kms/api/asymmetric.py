# SPDX-License-Identifier: Apache-2.0
"""What the actions with pairs share: which version of which CMK, and for which algorithm.

A version and an algorithm are always named: a pair has no primary version to be guessed.
"""

from collections.abc import Callable, Mapping

from sidecar.kms import policy
from sidecar.kms.api.action import Call
from sidecar.kms.api.parameters import Parameter, base64_of, base64_up_to, one_of
from sidecar.kms.faults import Fault
from sidecar.kms.service.ciphertext import version_id
from sidecar.kms.service.public_keys import DIGEST_BYTES
from sidecar.kms.service.specs import SPECS
from sidecar.kms.store import Material

SIGNING = ("RSA_PSS_SHA_256", "RSA_PKCS1_SHA_256", "ECDSA_SHA_256", "SM2DSA")
ENCRYPTING = ("RSAES_OAEP_SHA_256", "RSAES_OAEP_SHA_1", "SM2PKE")
MAX_SIGNATURE = 1024
MAX_CIPHERTEXT = 6144

KEY_VERSION_ID = Parameter("KeyVersionId", version_id, audited=True)
SIGNING_ALGORITHM = Parameter("Algorithm", one_of(*SIGNING), audited=True)
ENCRYPTING_ALGORITHM = Parameter("Algorithm", one_of(*ENCRYPTING), audited=True)
DIGEST = Parameter("Digest", base64_of(DIGEST_BYTES))
SIGNATURE = Parameter("Value", base64_up_to(MAX_SIGNATURE))
CIPHERTEXT = Parameter("CiphertextBlob", base64_up_to(MAX_CIPHERTEXT))


def pair_with(algorithm: Parameter[str]) -> Callable[[Call], None]:
    """Check that the CMK is a pair that knows the algorithm, and has the version."""

    def check(call: Call) -> None:
        the_pair(call)
        if not SPECS[call.cmk.key_spec].allows(call.cmk.key_usage, call[algorithm]):
            raise Fault.invalid_parameter(algorithm.name)

    return check


def the_pair(call: Call) -> Material:
    """The material of the version of the CMK, which must be a pair."""
    if not SPECS[call.cmk.key_spec].has_public_key:
        raise Fault.unsupported_operation()
    material = call.shelf.materials.find(call.cmk.key_id, call[KEY_VERSION_ID])
    if material is None:
        raise Fault.invalid_parameter(KEY_VERSION_ID.name)
    return material


def public_key(call: Call) -> bytes:
    """The public half of the pair."""
    public = the_pair(call).public_key
    if public is None:
        raise Fault.internal()
    return public


def named(call: Call) -> dict[str, object]:
    """The ids in every answer."""
    return {"KeyId": call.cmk.key_id, "KeyVersionId": call[KEY_VERSION_ID]}


def by_algorithm(call: Call) -> Mapping[str, str]:
    """What a policy may ask about decryption and encryption with a pair."""
    return {policy.ENCRYPTION_ALGORITHM: call[ENCRYPTING_ALGORITHM]}
