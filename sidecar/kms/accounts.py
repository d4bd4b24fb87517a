# SPDX-License-Identifier: Apache-2.0
"""Who may call: accounts, their users, and the access keys that prove who is calling.

There is no key for the account itself ("root"): every call is a user's, under that user's policies.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sidecar.kms.limits import Quotas, Rates
from sidecar.kms.policy import Policy
from sidecar.signing import AccessKey


@dataclass(frozen=True, slots=True)
class User:
    """A RAM user: the policies that hold for it together, and the keys it signs with."""

    name: str
    id: str
    policies: tuple[Policy, ...]
    access_keys: tuple[AccessKey, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """The owner of CMKs, named by its digits."""

    id: str
    users: tuple[User, ...]
    quotas: Quotas = field(default_factory=Quotas)
    rates: Rates = field(default_factory=Rates)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom an access key stands for."""

    account: Account
    user: User
    access_key: AccessKey


class Directory:
    """Finds the caller behind an access key id; ids are unique over all accounts."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._callers = {
            key.id: Caller(account, user, key)
            for account in accounts
            for user in account.users
            for key in user.access_keys
        }

    def find(self, access_key_id: str) -> Caller | None:
        return self._callers.get(access_key_id)
