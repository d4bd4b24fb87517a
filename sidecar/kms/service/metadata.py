# SPDX-License-Identifier: Apache-2.0
"""How a CMK is shown: the KeyMetadata of CreateKey and DescribeKey, and the API's dates."""

from datetime import UTC, datetime

from sidecar.kms.service.names import Place
from sidecar.kms.store import Cmk


def timestamp(seconds: int) -> str:
    """`YYYY-MM-DDThh:mm:ssZ`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def key_metadata(place: Place, cmk: Cmk) -> dict[str, object]:
    """Everything that is told about a CMK; dates that are not set are empty."""
    return {
        "KeyId": cmk.key_id,
        "Arn": place.key(cmk.key_id),
        "CreationDate": timestamp(cmk.created_at),
        "Creator": cmk.creator,
        "Description": cmk.description,
        "KeySpec": cmk.key_spec,
        "KeyUsage": cmk.key_usage,
        "KeyState": cmk.state,
        "Origin": cmk.origin,
        "ProtectionLevel": cmk.protection_level,
        "PrimaryKeyVersion": cmk.primary_version,
        "AutomaticRotation": "Disabled",
        "LastRotationDate": timestamp(cmk.created_at),
        "DeleteDate": "",
        "MaterialExpireTime": "",
        "DeletionProtection": "Disabled",
    }
