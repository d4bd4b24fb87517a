# SPDX-License-Identifier: Apache-2.0
"""What the audit trail tells of what the KMS core does with CMKs by itself."""

import uuid

from sidecar.kms.audit.record import Told, service_event
from sidecar.kms.store import Cmk


def key_event(name: str, cmk: Cmk, now: int, **more: str) -> Told:
    """The record of what was done with a CMK; it is its account's to read."""
    return {
        **service_event(name, str(uuid.uuid4()), now, {"KeyId": cmk.key_id, **more}),
        "acsRegion": cmk.region,
        "recipientAccountId": cmk.account,
        "referencedResources": {"ACS::KMS::Key": [cmk.key_id]},
    }
