# SPDX-License-Identifier: Apache-2.0
"""CreateKeyVersion: an asymmetric CMK gets new material, a week after the last at the earliest."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.targets import KEY_ID, the_key
from sidecar.kms.faults import Fault
from sidecar.kms.service.metadata import version_metadata
from sidecar.kms.service.names import Place
from sidecar.kms.service.rotation import MIN_AGE, check_room, rotate
from sidecar.kms.service.specs import ALIYUN, SPECS
from sidecar.kms.service.states import usable


def check(call: Call) -> None:
    cmk = call.cmk
    if cmk.account != call.place.account:
        # A key's policy opens it to the use of others; its versions are its own account's.
        raise Fault.no_permission(Place(cmk.region, cmk.account).key(cmk.key_id))
    if cmk.origin != ALIYUN:
        raise Fault.unsupported_origin()
    if not SPECS[cmk.key_spec].has_public_key:
        raise Fault.unsupported_operation("A new version of a symmetric key by call")
    if call.now < cmk.rotated_at + MIN_AGE:
        raise Fault.limit_exceeded()
    if call.shelf.versions.count(cmk.key_id) >= call.quotas.versions_per_key:
        raise Fault.limit_exceeded()
    check_room(call.shelf, call.quotas)


def act(call: Call) -> Answer:
    version = rotate(call.token, call.shelf, call.cmk, call.new_id, call.now)
    return {"KeyVersion": version_metadata(version)}


ACTION = Action(
    name="CreateKeyVersion",
    parameters=(KEY_ID,),
    target=the_key,
    states=usable,
    check=check,
    act=act,
    is_write=True,
)
