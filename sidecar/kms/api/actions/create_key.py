# SPDX-License-Identifier: Apache-2.0
"""CreateKey: a new CMK, made in the token and never to leave it, or sealed at SOFTWARE level.

Without a ProtectionLevel it is HSM where the token can hold such a key, else SOFTWARE. With Origin
EXTERNAL there is no material yet; ImportKeyMaterial brings it. What is not offered is refused by
name: a parameter that constrains a key is never ignored in silence.
"""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.key_policies import OPTIONAL_POLICY as POLICY
from sidecar.kms.api.key_policies import refuse_lockout
from sidecar.kms.api.parameters import Parameter, boolean, one_of, text_up_to
from sidecar.kms.api.targets import ROTATION_INTERVAL, all_keys
from sidecar.kms.faults import Fault
from sidecar.kms.service.material import add_made, best_level, token_holds
from sidecar.kms.service.metadata import MAX_DESCRIPTION, key_metadata
from sidecar.kms.service.rotation import check_room_for_key, check_rotates
from sidecar.kms.service.specs import ALIYUN, DEFAULT_SPEC, EXTERNAL, SPECS, Level, Usage
from sidecar.kms.service.states import KeyState
from sidecar.kms.service.tagging import read_tags
from sidecar.kms.store import Cmk

KEY_SPEC = Parameter("KeySpec", one_of(*SPECS), default=DEFAULT_SPEC, audited=True)
KEY_USAGE: Parameter[str | None] = Parameter("KeyUsage", one_of(*Usage), default=None, audited=True)
ORIGIN = Parameter("Origin", one_of(ALIYUN, EXTERNAL), default=ALIYUN, audited=True)
PROTECTION_LEVEL: Parameter[str | None] = Parameter(
    "ProtectionLevel", one_of(*Level), default=None, audited=True
)
DESCRIPTION = Parameter("Description", text_up_to(MAX_DESCRIPTION), default="")
ENABLE_ROTATION = Parameter("EnableAutomaticRotation", boolean, default=False, audited=True)
TAGS: Parameter[dict[str, str]] = Parameter("Tags", read_tags("TagKey", "TagValue"), default={})
OF_INSTANCES = tuple(
    Parameter(name, text_up_to(64), default="")
    for name in ("DKMSInstanceId", "KeyStorageMechanism")
)


def check(call: Call) -> None:
    _refuse_what_is_not_offered(call)
    _check_rotation(call)
    check_room_for_key(call.shelf, call.quotas)
    if call[POLICY]:
        refuse_lockout(call, _new_cmk(call), call[POLICY])


def act(call: Call) -> Answer:
    cmk = _new_cmk(call)
    if cmk.origin == ALIYUN:
        cmk = add_made(call.token, call.shelf, cmk, call.new_id)
    else:
        call.shelf.add_key(cmk, None)
    call.shelf.tags.put(cmk.key_id, call[TAGS])
    return {"KeyMetadata": key_metadata(cmk)}


def _new_cmk(call: Call) -> Cmk:
    """The CMK as it is before it has material."""
    spec = SPECS[call[KEY_SPEC]]
    return Cmk(
        key_id=call.new_id(),
        account=call.place.account,
        region=call.place.region,
        creator=call.place.account,
        description=call[DESCRIPTION],
        key_spec=spec.name,
        key_usage=call[KEY_USAGE] or next(iter(spec.algorithms)),
        origin=call[ORIGIN],
        protection_level=call[PROTECTION_LEVEL] or best_level(call.token, spec),
        state=KeyState.PENDING_IMPORT,
        primary_version="",
        created_at=call.now,
        policy=call[POLICY],
        rotated_at=call.now,
        rotation_interval=call[ROTATION_INTERVAL] if call[ENABLE_ROTATION] else None,
    )


def _refuse_what_is_not_offered(call: Call) -> None:
    spec = SPECS[call[KEY_SPEC]]
    if call[KEY_USAGE] is not None and call[KEY_USAGE] not in spec.algorithms:
        raise Fault.invalid_parameter(KEY_USAGE.name)
    if call[ORIGIN] == EXTERNAL and not spec.is_importable:
        raise Fault.unsupported_origin()
    if call[PROTECTION_LEVEL] == Level.HSM and not token_holds(call.token, spec.kind):
        raise Fault.unsupported_level()
    for parameter in OF_INSTANCES:
        if call[parameter]:
            raise Fault.unsupported_operation(f"Parameter {parameter.name}")


def _check_rotation(call: Call) -> None:
    if not call[ENABLE_ROTATION]:
        return
    if call[ROTATION_INTERVAL] is None:
        raise Fault.missing_parameter(ROTATION_INTERVAL.name)
    check_rotates(call[KEY_SPEC], call[ORIGIN])


ACTION = Action(
    name="CreateKey",
    parameters=(
        *(KEY_SPEC, KEY_USAGE, ORIGIN, PROTECTION_LEVEL, DESCRIPTION, POLICY, TAGS),
        *(ENABLE_ROTATION, ROTATION_INTERVAL, *OF_INSTANCES),
    ),
    target=all_keys,
    check=check,
    act=act,
    is_write=True,
)
