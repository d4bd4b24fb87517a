# SPDX-License-Identifier: Apache-2.0
"""What the audit trail tells of what `kms.yaml` changes in RAM: one record a change.

Each has the name and the words of the action that would do the same by the API.
"""

import uuid
from collections.abc import Mapping
from enum import StrEnum

from sidecar.kms.audit.record import CONFIGURATION, Told, service_event
from sidecar.kms.ram.roster import Seeded
from sidecar.kms.store.ram_tables import RamAccessKey, RamAttachment, RamMember, RamOIDCProvider


class Change(StrEnum):
    """What became of a row."""

    MADE = "Create"
    SET = "Update"
    GONE = "Delete"


def row_event(row: Seeded, change: Change, now: int, region: str) -> Told:
    """The record of a change of one row."""
    return ram_event(_name(row, change), row.account, now, region, _about(row))


def ram_event(name: str, account: str, now: int, region: str, about: Mapping[str, str]) -> Told:
    """A record of RAM in an account; RAM is in every region, its records are in `region`."""
    return {
        **service_event(name, str(uuid.uuid4()), now, about),
        "serviceName": "Ram",
        "isGlobal": True,
        "acsRegion": region,
        "recipientAccountId": account,
        "userIdentity": CONFIGURATION,
    }


def _name(row: Seeded, change: Change) -> str:
    match row:
        case RamMember():
            return "RemoveUserFromGroup" if change is Change.GONE else "AddUserToGroup"
        case RamAttachment():
            verb = "DetachPolicyFrom" if change is Change.GONE else "AttachPolicyTo"
            return f"{verb}{row.kind}"
    return f"{change}{_noun(row)}"


def _about(row: Seeded) -> Mapping[str, str]:
    match row:
        case RamMember():
            return {"GroupName": row.group, "UserName": row.user}
        case RamAttachment():
            policy = {"PolicyType": row.policy_type, "PolicyName": row.policy}
            return {f"{row.kind}Name": row.holder, **policy}
        case RamAccessKey():
            return {"UserName": row.user, "UserAccessKeyId": row.id}
        case RamOIDCProvider():
            believed = {"IssuerUrl": row.issuer, "ClientIds": row.audiences.replace(" ", ",")}
            return {"OIDCProviderName": row.name, **believed}
    return {f"{_noun(row)}Name": row.name}


def _noun(row: Seeded) -> str:
    return type(row).__name__.removeprefix("Ram")
