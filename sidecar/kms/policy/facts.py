# SPDX-License-Identifier: Apache-2.0
"""What the conditions of a policy may ask about a request.

A policy that names any other key is refused when it is read: a Deny that hangs on a fact that
nobody will ever supply would be a Deny that never holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sidecar.kms.policy.addresses import read_address

ENCRYPTION_ALGORITHM = "kms:EncryptionAlgorithm"
EXTERNAL_ID = "sts:ExternalId"
OIDC_ISSUER = "oidc:iss"
OIDC_AUDIENCE = "oidc:aud"
OIDC_SUBJECT = "oidc:sub"
TRUST_PREFIXES = ("oidc:", "sts:")
"""Keys that are known while a role is being assumed, and never after."""
TAG_PREFIX = "kms:tag/"
FAMILIES: Mapping[str, str] = {
    "acs:SourceIp": "IpAddress",
    "acs:CurrentTime": "Date",
    "acs:SecureTransport": "Bool",
    "acs:MFAPresent": "Bool",
    ENCRYPTION_ALGORITHM: "String",
    EXTERNAL_ID: "String",
    OIDC_ISSUER: "String",
    OIDC_AUDIENCE: "String",
    OIDC_SUBJECT: "String",
}
"""The keys, each with the family of operators that reads its value.

Others do not: as texts, `True` and `true` would be two things, and so would two spellings of an
address. Tags (`kms:tag/<name>`) stand beside them, and hold what their authors like.
"""


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
    """One spelling an address."""
    try:
        return str(read_address(text))
    except ValueError:
        return None
