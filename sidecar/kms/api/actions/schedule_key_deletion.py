# SPDX-License-Identifier: Apache-2.0
"""ScheduleKeyDeletion: from now on the CMK does nothing, and after some days it is gone.

Until then CancelKeyDeletion brings it back; what is done then is told in `kms/upkeep.py`.
"""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.parameters import Parameter, integer
from sidecar.kms.api.targets import KEY_ID, the_key_by_id
from sidecar.kms.faults import Fault
from sidecar.kms.service.rotation import DAY
from sidecar.kms.service.states import KeyState, nameable

DAYS = Parameter("PendingWindowInDays", integer(7, 366), audited=True)


def check(call: Call) -> None:
    if call.cmk.is_protected:
        raise Fault.protected()


def act(call: Call) -> Answer:
    delete_at = call.now + call[DAYS] * DAY
    call.shelf.change(call.cmk, state=KeyState.PENDING_DELETION, delete_at=delete_at)
    return {}


ACTION = Action(
    name="ScheduleKeyDeletion",
    parameters=(KEY_ID, DAYS),
    target=the_key_by_id,
    states=nameable,
    check=check,
    act=act,
    is_write=True,
)
