# SPDX-License-Identifier: Apache-2.0
"""What the conditions of a policy may ask about a request.

A policy that names any other key is refused when it is read: a Deny that hangs on a fact that
nobody will ever supply would be a Deny that never holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address

ENCRYPTION_ALGORITHM = "kms:EncryptionAlgorithm"
EXTERNAL_ID = "sts:ExternalId"
OIDC_ISSUER = "oidc:iss"
OIDC_AUDIENCE = "oidc:aud"
OIDC_SUBJECT = "oidc:sub"
TRUST_PREFIXES = ("oidc:", "sts:")
"""Keys that are known while a role is being assumed, and never after."""
TAG_PREFIX = "kms:tag/"
EXAMPLES: Mapping[str, str] = {
    "acs:SourceIp": "192.0.2.1",
    "acs:CurrentTime": "2026-01-01T00:00:00Z",
    "acs:SecureTransport": "true",
    "acs:MFAPresent": "false",
    ENCRYPTION_ALGORITHM: "SYMMETRIC_DEFAULT",
    EXTERNAL_ID: "partner-1",
    OIDC_ISSUER: "https://kubernetes.default.svc",
    OIDC_AUDIENCE: "sts.aliyuncs.com",
    OIDC_SUBJECT: "system:serviceaccount:shop:crm",
}
"""The keys, each with a value as a request has it; tags (`kms:tag/<name>`) stand beside them."""


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """The facts of one request; `now` in seconds since 1970, `kms` what is KMS's own."""

    source_ip: str
    now: int
    secure_transport: bool
    kms: Mapping[str, str] = field(default_factory=dict)

    def find(self, key: str) -> str | None:
        """The value of a condition key, or None where this request has none."""
        match key:
            case "acs:SourceIp":
                return _plain_address(self.source_ip)
            case "acs:CurrentTime":
                return datetime.fromtimestamp(self.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            case "acs:SecureTransport":
                return "true" if self.secure_transport else "false"
            case "acs:MFAPresent":
                return "false"  # an access key signs without a second factor
            case _:
                return self.kms.get(key)


def _plain_address(text: str) -> str | None:
    """One spelling an address; an IPv4 address that came over an IPv6 socket is the IPv4 one."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address)
