# SPDX-License-Identifier: Apache-2.0
"""Which region a call is for, where one core serves several.

    ACS4          the region of the signature's scope
    RegionId      where the parameters have it: the legacy SDK signs its own into every call
    Host          a region among its labels, as in kms.cn-hangzhou.aliyuncs.com; signed with ACS3
    otherwise     the first region that is configured

A region that is named and not served is refused: answered from another one, a CMK would be made in
a place that its owner has not chosen.
"""

from collections.abc import Sequence

from sidecar.kms.faults import Fault
from sidecar.signing import Request, Signed


class Regions:
    """The regions that are served; the first is the default."""

    def __init__(self, served: Sequence[str]) -> None:
        self.served = tuple(served)

    @property
    def default(self) -> str:
        return self.served[0]

    def choose(self, request: Request, signed: Signed) -> str:
        """The region of a call; raise Fault where it is not served here."""
        if signed.scope is not None:
            if signed.scope.region not in self.served:
                raise Fault.other_scope()
            return signed.scope.region
        if named := request.parameters.get("RegionId"):
            if named not in self.served:
                raise Fault.invalid_parameter("RegionId")
            return named
        return self._of_host(request.find_header(b"host") or b"")

    def _of_host(self, host: bytes) -> str:
        labels = host.decode("latin-1").lower().split(".")
        return next((region for region in self.served if region in labels), self.default)
