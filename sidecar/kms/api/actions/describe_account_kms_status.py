# SPDX-License-Identifier: Apache-2.0
"""DescribeAccountKmsStatus: the service is open for every account that there is."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.targets import everything


def act(_: Call) -> Answer:
    return {"AccountStatus": "Enabled"}


ACTION = Action(name="DescribeAccountKmsStatus", target=everything, act=act, is_write=False)
