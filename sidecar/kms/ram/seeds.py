# SPDX-License-Identifier: Apache-2.0
"""What an account of `kms.yaml` comes to, as rows of the store."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sidecar.kms.accounts import Account
from sidecar.kms.policy import SYSTEM_POLICIES
from sidecar.kms.ram.names import Kind, PolicyType
from sidecar.kms.ram.roster import Seeded
from sidecar.kms.store.ram_tables import (
    RamAttachment,
    RamGroup,
    RamMember,
    RamOIDCProvider,
    RamPolicy,
    RamRole,
    RamUser,
)

type Key = tuple[str, ...]
type Wanted = Mapping[Key, Mapping[str, Any]]
"""Values of rows by the values of the columns that name them in their account."""


def seeds_of(account: Account) -> Mapping[type[Seeded], Wanted]:
    """The rows that should be there, table by table; access keys, which have secrets, apart."""
    return {
        RamUser: _users(account),
        RamGroup: _groups(account),
        RamRole: _roles(account),
        RamOIDCProvider: _providers(account),
        RamPolicy: _policies(account),
        RamMember: _members(account),
        RamAttachment: _attachments(account),
    }


def _users(account: Account) -> Wanted:
    return {
        (one.name,): {"id": one.id, "display_name": one.name, "comments": ""}
        for one in account.users
    }


def _groups(account: Account) -> Wanted:
    return {
        (one.name,): {"id": _group_id(account, one.name), "comments": ""} for one in account.groups
    }


def _group_id(account: Account, name: str) -> str:
    """The file gives groups none; this one is the same at every start."""
    return f"g-{sha256(f'{account.id}/{name}'.encode()).hexdigest()[:18]}"


def _roles(account: Account) -> Wanted:
    return {
        (one.name,): {
            "id": one.id,
            "description": "",
            "trust": one.trust,
            "max_session": one.max_session,
        }
        for one in account.roles
    }


def _providers(account: Account) -> Wanted:
    return {
        (one.name,): {
            "issuer": one.issuer,
            "audiences": " ".join(sorted(one.audiences)),
            "keys": one.keys,
            "ca": one.ca or "",
        }
        for one in account.providers
    }


def _policies(account: Account) -> Wanted:
    versions = {"default_version": 1, "last_version": 1}
    return {(name,): {"description": "", **versions} for name in account.policies}


def _members(account: Account) -> Wanted:
    return {(group.name, user): {} for group in account.groups for user in group.users}


def _attachments(account: Account) -> Wanted:
    holders = (
        *((Kind.USER, one.name, one.policies) for one in account.users),
        *((Kind.GROUP, one.name, one.policies) for one in account.groups),
        *((Kind.ROLE, one.name, one.policies) for one in account.roles),
    )
    return {
        (kind, holder, _type_of(policy), policy): {}
        for kind, holder, policies in holders
        for policy in policies
    }


def _type_of(policy: str) -> PolicyType:
    return PolicyType.SYSTEM if policy in SYSTEM_POLICIES else PolicyType.CUSTOM
