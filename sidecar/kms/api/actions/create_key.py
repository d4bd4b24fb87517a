# SPDX-License-Identifier: Apache-2.0
"""CreateKey: a new CMK, made in the token and never to leave it.

Offered are AES-256 and AES-128 keys made here, protected by the HSM. Whatever else the API can ask
for is refused by name: a parameter that constrains a key is never ignored in silence.
"""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.parameters import Parameter, boolean, one_of, text_up_to
from sidecar.kms.api.targets import all_keys
from sidecar.kms.faults import Fault
from sidecar.kms.service.metadata import key_metadata
from sidecar.kms.service.states import KeyState
from sidecar.kms.store import Cmk

BITS = {"Aliyun_AES_256": 256, "Aliyun_AES_128": 128}
OTHER_SPECS = (
    *("Aliyun_AES_192", "Aliyun_SM4", "RSA_2048", "RSA_3072", "RSA_4096"),
    *("EC_P256", "EC_P256K", "EC_SM2"),
)

KEY_SPEC = Parameter("KeySpec", one_of(*BITS, *OTHER_SPECS), default="Aliyun_AES_256", audited=True)
KEY_USAGE = Parameter(
    "KeyUsage", one_of("ENCRYPT/DECRYPT"), default="ENCRYPT/DECRYPT", audited=True
)
ORIGIN = Parameter("Origin", one_of("Aliyun_KMS", "EXTERNAL"), default="Aliyun_KMS", audited=True)
PROTECTION_LEVEL = Parameter(
    "ProtectionLevel", one_of("HSM", "SOFTWARE"), default="HSM", audited=True
)
DESCRIPTION = Parameter("Description", text_up_to(8192), default="")
ROTATION = Parameter("EnableAutomaticRotation", boolean, default=False, audited=True)
NOT_OFFERED = tuple(
    Parameter(name, text_up_to(65536), default="")
    for name in ("DKMSInstanceId", "KeyStorageMechanism", "Policy", "RotationInterval", "Tags")
)


def act(call: Call) -> Answer:
    _refuse_what_is_not_offered(call)
    if call.shelf.count_keys() >= call.quotas.keys:
        raise Fault.limit_exceeded()
    cmk = Cmk(
        key_id=call.new_id(),
        account=call.place.account,
        region=call.place.region,
        creator=call.place.account,
        description=call[DESCRIPTION],
        key_spec=call[KEY_SPEC],
        key_usage=call[KEY_USAGE],
        origin=call[ORIGIN],
        protection_level=call[PROTECTION_LEVEL],
        state=KeyState.ENABLED,
        primary_version=call.new_id(),
        created_at=call.now,
    )
    # Law 7: first the token object, then the row. A crash between them leaves an object that
    # nobody was told of; the other order could leave a key that cannot be used.
    call.token.generate_aes(cmk.primary_version.encode(), cmk.key_id, BITS[cmk.key_spec])
    call.shelf.add_key(cmk)
    return {"KeyMetadata": key_metadata(call.place, cmk)}


def _refuse_what_is_not_offered(call: Call) -> None:
    if call[ORIGIN] != "Aliyun_KMS":
        raise Fault(400, "Unsupported.Origin", "This key origin is not valid for this api.")
    if call[PROTECTION_LEVEL] != "HSM":
        raise Fault(
            400,
            "Unsupported.ProtectionLevel",
            "This protection level is not valid for this region.",
        )
    if call[KEY_SPEC] not in BITS:
        raise Fault.unsupported_operation(f"KeySpec {call[KEY_SPEC]}")
    for parameter in (ROTATION, *NOT_OFFERED):
        if call[parameter]:
            raise Fault.unsupported_operation(f"Parameter {parameter.name}")


ACTION = Action(
    name="CreateKey",
    parameters=(
        *(KEY_SPEC, KEY_USAGE, ORIGIN, PROTECTION_LEVEL, DESCRIPTION, ROTATION),
        *NOT_OFFERED,
    ),
    target=all_keys,
    act=act,
    is_write=True,
)
