# SPDX-License-Identifier: Apache-2.0
"""How a CMK is shown: the KeyMetadata of CreateKey and DescribeKey, and the API's dates."""

from datetime import UTC, datetime

from sidecar.kms.service.names import Place
from sidecar.kms.service.rotation import automatic_rotation, next_rotation
from sidecar.kms.store import Cmk, Label, Version

MAX_DESCRIPTION = 8192
"""Characters."""
LAST_SECOND = 253_402_300_799
"""Of the year 9999, the last that a timestamp can tell."""


def timestamp(seconds: int) -> str:
    """`YYYY-MM-DDThh:mm:ssZ`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _date(seconds: int | None) -> str:
    return "" if seconds is None else timestamp(seconds)


def alias_metadata(place: Place, label: Label) -> dict[str, object]:
    """What is told about an alias."""
    return {
        "AliasName": label.name,
        "AliasArn": place.alias(label.name),
        "KeyId": label.key_id,
    }


def version_metadata(version: Version) -> dict[str, object]:
    """What is told about a version of a CMK."""
    return {
        "KeyId": version.key_id,
        "KeyVersionId": version.version_id,
        "CreationDate": timestamp(version.created_at),
    }


def key_metadata(cmk: Cmk) -> dict[str, object]:
    """Everything that is told about a CMK; dates that are not set are empty."""
    rotation = {}
    if cmk.rotation_interval is not None:
        rotation = {
            "RotationInterval": f"{cmk.rotation_interval}s",
            "NextRotationDate": _date(next_rotation(cmk)),
        }
    return {
        "KeyId": cmk.key_id,
        "Arn": Place(cmk.region, cmk.account).key(cmk.key_id),
        "CreationDate": timestamp(cmk.created_at),
        "Creator": cmk.creator,
        "Description": cmk.description,
        "KeySpec": cmk.key_spec,
        "KeyUsage": cmk.key_usage,
        "KeyState": cmk.state,
        "Origin": cmk.origin,
        "ProtectionLevel": cmk.protection_level,
        "PrimaryKeyVersion": cmk.primary_version,
        "AutomaticRotation": automatic_rotation(cmk),
        "LastRotationDate": timestamp(cmk.rotated_at),
        **rotation,
        "DeleteDate": _date(cmk.delete_at),
        "MaterialExpireTime": _date(cmk.material_expires_at),
        "DeletionProtection": "Enabled" if cmk.is_protected else "Disabled",
        "DeletionProtectionDescription": cmk.protection_reason,
    }
