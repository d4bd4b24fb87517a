# SPDX-License-Identifier: Apache-2.0
"""SetDeletionProtection: whether ScheduleKeyDeletion is refused for a CMK, and why.

The CMK is named by ProtectedResourceArn, or by KeyId.
"""

from sidecar.kms.api.action import Action, Answer, Call, Target
from sidecar.kms.api.parameters import Parameter, boolean, text_up_to
from sidecar.kms.api.targets import OPTIONAL_KEY_ID, the_named_key
from sidecar.kms.faults import Fault
from sidecar.kms.service.metadata import MAX_DESCRIPTION
from sidecar.kms.service.names import KeyName, key_arn
from sidecar.kms.service.states import nameable

ENABLE = Parameter("EnableDeletionProtection", boolean, audited=True)
REASON = Parameter("DeletionProtectionDescription", text_up_to(MAX_DESCRIPTION), default="")
ARN: Parameter[KeyName | None] = Parameter(
    "ProtectedResourceArn", key_arn, default=None, audited=True
)
INSTANCE = Parameter("KmsInstanceId", text_up_to(64), default="")


def target(call: Call) -> Target:
    if call[INSTANCE]:
        raise Fault.unsupported_operation("Protection of a KMS instance")
    if call[ARN] is not None and call[OPTIONAL_KEY_ID] is not None:
        raise Fault.invalid_parameter(OPTIONAL_KEY_ID.name)
    return the_named_key(call, call[ARN] or call[OPTIONAL_KEY_ID], ARN)


def act(call: Call) -> Answer:
    reason = call[REASON] if call[ENABLE] else ""
    call.shelf.change(call.cmk, is_protected=call[ENABLE], protection_reason=reason)
    return {}


ACTION = Action(
    name="SetDeletionProtection",
    parameters=(ENABLE, REASON, ARN, OPTIONAL_KEY_ID, INSTANCE),
    target=target,
    states=nameable,
    act=act,
    is_write=True,
)
