# SPDX-License-Identifier: Apache-2.0
"""Accounts as `kms.yaml` has them: what they may have, and whom they begin with.

Users, groups, roles and policies are put into the store from here at each start (`ram/seeding`);
more of them are made there. There is no key for the account itself ("root"): every call is a
user's or a role's, under that one's policies.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sidecar.kms.limits import Quotas, Rates
from sidecar.signing import AccessKey

DEFAULT_SESSION_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class User:
    """A RAM user: the names of the policies that hold for it, and the keys it signs with."""

    name: str
    id: str
    policies: tuple[str, ...] = ()
    access_keys: tuple[AccessKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Users for whom the same policies hold."""

    name: str
    users: tuple[str, ...]
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Role:
    """What others may become for a while; `trust` (JSON) says who."""

    name: str
    id: str
    trust: str
    policies: tuple[str, ...]
    max_session: int = DEFAULT_SESSION_SECONDS
    """Seconds."""


@dataclass(frozen=True, slots=True)
class OidcProvider:
    """Who vouches for workloads: its tokens are believed for `audiences`.

    Its keys (a JWKS) are at `keys`: the path of a file, or a URL, asked under `ca`.
    """

    name: str
    issuer: str
    audiences: frozenset[str]
    keys: str
    ca: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """The owner of CMKs, named by its digits; `policies` are JSON texts by name."""

    id: str
    users: tuple[User, ...]
    groups: tuple[Group, ...] = ()
    roles: tuple[Role, ...] = ()
    providers: tuple[OidcProvider, ...] = ()
    policies: Mapping[str, str] = field(default_factory=dict)
    quotas: Quotas = field(default_factory=Quotas)
    rates: Rates = field(default_factory=Rates)

    def find_provider(self, name: str) -> OidcProvider | None:
        return next((one for one in self.providers if one.name == name), None)
