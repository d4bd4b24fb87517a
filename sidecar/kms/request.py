# SPDX-License-Identifier: Apache-2.0
"""A request to the KMS API as it came in: nothing in it is proven yet."""

from dataclasses import dataclass

from sidecar.signing.request import Headers


@dataclass(frozen=True, slots=True, repr=False)
class Received:
    """One request and where it came from. Not printed: the target and the body hold plaintext."""

    request_id: str
    method: str
    target: bytes
    """Path and query as they were sent."""
    headers: Headers
    body: bytes
    source: str
    """The address that it was sent to, `host:port`."""
    source_ip: str
    is_secure: bool

    def find_header(self, name: bytes) -> str:
        """The first header `name` (lower case), for what nothing is decided by; else empty."""
        values = (value for key, value in self.headers if key.lower() == name)
        return next(values, b"").decode("latin-1")
