# SPDX-License-Identifier: Apache-2.0
"""Looks on where the transform would act: the proxy's own place to watch messages that pass.

Every request is claimed as a rule in the phase `monitor` would claim it: it goes on as it came
while a copy of its body is gathered, up to BODY_LIMIT, and shown here afterwards. Nothing is ever
changed or refused.
"""

from sidecar.backends import problem
from sidecar.errors import SidecarError
from sidecar.learning.traffic import Traffic
from sidecar.message import Refusal, RequestHead, ResponseHead
from sidecar.transform import Claim, Hold, Opened, Sealed

BODY_LIMIT = 256 * 1024
"""Bytes of one body; a longer one passes unobserved. Copies lie in memory beside the stream."""


class Observer:
    """In the place of a `Transform`."""

    hosts = ()

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic

    def protects(self, authority: str) -> bool:
        """No: whatever is asked for may pass, upgrades to other protocols too."""
        del authority
        return False

    def claim(self, head: RequestHead) -> Claim:
        self._traffic.request(head)
        return Hold(head, BODY_LIMIT, observes=True)

    def seal(self, hold: Hold, body: bytes) -> Sealed:
        self._traffic.request_body(hold.head, body)
        return Sealed(hold.head, body)

    def open(self, hold: Hold, head: ResponseHead, body: bytes) -> Opened:
        self._traffic.answer(hold.head, head, body)
        return Opened(head, body)

    def refusal(self, hold: Hold | None, error: BaseException) -> Refusal:
        """What the proxy itself cannot carry out, such as a store that is away."""
        del hold
        if not isinstance(error, SidecarError):
            error = SidecarError("the sidecar failed to handle this message")
        return problem(error)
