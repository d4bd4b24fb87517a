# SPDX-License-Identifier: Apache-2.0
"""Whom an access key stands for: a user, or for a while a role."""

import hashlib
from dataclasses import dataclass
from typing import Literal

from sidecar.kms.accounts import Account
from sidecar.kms.policy import KeyPolicy, Policy
from sidecar.kms.ram.names import arn_of
from sidecar.signing import AccessKey


def digest_of(security_token: str) -> bytes:
    """What is kept of a security token: enough to know it again."""
    return hashlib.sha256(security_token.encode()).digest()


def everybody_of(account: str) -> frozenset[str]:
    """The names of an account as a whole."""
    return frozenset((f"acs:ram::{account}:root", f"acs:ram::{account}:*"))


@dataclass(frozen=True, slots=True)
class RoleSession:
    """How somebody is a role: under which name, until when (Unix seconds), and within what."""

    name: str
    token_digest: bytes
    expires_at: int
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """One who signs: `id` and `name` are the user's or the role's."""

    account: Account
    kind: Literal["user", "role"]
    id: str
    name: str
    access_key: AccessKey
    policies: tuple[Policy, ...]
    session: RoleSession | None = None

    @property
    def arn(self) -> str:
        """Whom policies of keys and roles mean by name."""
        return arn_of(self.account.id, self.kind, self.name)

    @property
    def session_arn(self) -> str:
        """Who it is exactly: of a role, which session."""
        if self.session is None:
            return self.arn
        return arn_of(self.account.id, "assumed-role", f"{self.name}/{self.session.name}")

    @property
    def principal_id(self) -> str:
        return f"{self.id}:{self.session.name}" if self.session else self.id

    @property
    def display_name(self) -> str:
        return f"{self.name}:{self.session.name}" if self.session else self.name

    @property
    def names(self) -> frozenset[str]:
        """All by which the statement of a policy may mean this caller."""
        return frozenset((self.arn, *everybody_of(self.account.id)))

    def key_policy(self, resource: str, owner: str, policy: Policy | None) -> KeyPolicy:
        """The policy of a key of the account `owner`, as it counts for this caller."""
        is_foreign = owner != self.account.id
        return KeyPolicy(resource, policy, self.names, everybody_of(owner), is_foreign)

    def principal(self) -> dict[str, str]:
        """Who it is in RAM's `AccessDeniedDetail`."""
        return {
            "AuthPrincipalDisplayName": self.display_name,
            "AuthPrincipalOwnerId": self.account.id,
            "AuthPrincipalType": "AssumedRoleUser" if self.session else "SubUser",
        }

    def identity(self) -> dict[str, object]:
        """ActionTrail's `userIdentity`."""
        return {
            "type": "assumed-role" if self.session else "ram-user",
            "accountId": self.account.id,
            "principalId": self.principal_id,
            "userName": self.display_name,
            "accessKeyId": self.access_key.id,
        }
