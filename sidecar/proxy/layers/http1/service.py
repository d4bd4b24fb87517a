# SPDX-License-Identifier: Apache-2.0
"""What all connections of one listener share, and the choice of where a request goes."""

from dataclasses import dataclass

from sidecar.proxy.guard import Guard
from sidecar.proxy.kms_forward import KmsForward
from sidecar.proxy.layers.http1.grammar import Frame
from sidecar.proxy.settings import Limits, Upstream
from sidecar.proxy.stats import HostStats


@dataclass(slots=True)
class Service:
    """One listener's part in carrying HTTP; `store` is None where it forwards to the KMS only.

    `host` replaces the client's Host field on the way to the store when given. `guard` is another
    one after a reload; all else stays.
    """

    store: Upstream | None
    kms: KmsForward | None
    host: bytes | None
    guard: Guard
    limits: Limits
    stats: HostStats

    def find_kms(self, frame: Frame) -> Upstream | None:
        """Where the request goes if it is a call to the KMS API."""
        if self.kms is not None and (self.store is None or self.kms.names(frame.host)):
            return self.kms.upstream
        return None
