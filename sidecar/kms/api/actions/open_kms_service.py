# SPDX-License-Identifier: Apache-2.0
"""OpenKmsService: the service is open already; tools that prepare an account may ask for it."""

from sidecar.kms.api.action import Action, Answer, Call
from sidecar.kms.api.targets import everything


def act(_: Call) -> Answer:
    return {}


ACTION = Action(name="OpenKmsService", target=everything, act=act, is_write=True)
