# SPDX-License-Identifier: Apache-2.0
"""UpdateRotationPolicy: whether a CMK gets a new version by itself, and how often.

The interval counts from the last rotation, so a CMK that is older than it rotates at once.
"""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.parameters import Parameter, boolean
from sidecar.kms.api.targets import KEY_ID, ROTATION_INTERVAL, the_key_by_id
from sidecar.kms.faults import Fault
from sidecar.kms.service.rotation import check_rotates
from sidecar.kms.service.states import usable

ENABLE = Parameter("EnableAutomaticRotation", boolean, audited=True)


def check(call: Call) -> None:
    check_rotates(call.cmk.key_spec, call.cmk.origin)
    if call[ENABLE] and call[ROTATION_INTERVAL] is None:
        raise Fault.missing_parameter(ROTATION_INTERVAL.name)


def act(call: Call) -> Answer:
    interval = call[ROTATION_INTERVAL] if call[ENABLE] else None
    call.shelf.change(call.cmk, rotation_interval=interval)
    return {}


ACTION = Action(
    name="UpdateRotationPolicy",
    parameters=(KEY_ID, ENABLE, ROTATION_INTERVAL),
    target=the_key_by_id,
    states=usable,
    check=check,
    act=act,
    is_write=True,
)
