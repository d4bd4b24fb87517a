# SPDX-License-Identifier: Apache-2.0
"""DescribeKeyVersion: what is told about one version of a CMK."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.parameters import Parameter, text_up_to
from sidecar.kms.api.targets import KEY_ID, the_key
from sidecar.kms.faults import Fault
from sidecar.kms.service.metadata import version_metadata

VERSION_ID = Parameter("KeyVersionId", text_up_to(36), audited=True)


def act(call: Call) -> Answer:
    version = call.shelf.versions.find(call.cmk.key_id, call[VERSION_ID])
    if version is None:
        raise Fault.key_not_found()
    return {"KeyVersion": version_metadata(version)}


ACTION = Action(
    name="DescribeKeyVersion",
    parameters=(KEY_ID, VERSION_ID),
    target=the_key,
    act=act,
    is_write=False,
)
