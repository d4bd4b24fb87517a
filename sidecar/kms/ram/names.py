# SPDX-License-Identifier: Apache-2.0
"""How RAM names things: users, groups, roles, policies and providers, and their ARNs."""

import re
import secrets
import string
from enum import StrEnum
from typing import NamedTuple

USER_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
GROUP_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
ROLE_NAME = re.compile(r"[A-Za-z0-9.-]{1,64}", re.ASCII)
POLICY_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
PROVIDER_NAME = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)
SESSION_NAME = re.compile(r"[A-Za-z0-9.@_-]{2,64}", re.ASCII)

_ARN = re.compile(r"acs:ram::([0-9]{1,32}):(role|oidc-provider)/([A-Za-z0-9._-]{1,128})", re.ASCII)


class Kind(StrEnum):
    """Whom a policy can hold for."""

    USER = "User"
    GROUP = "Group"
    ROLE = "Role"


class PolicyType(StrEnum):
    """Whose a policy is: the vendor's, or the account's own."""

    SYSTEM = "System"
    CUSTOM = "Custom"


class RamArn(NamedTuple):
    """A role or a provider of an account."""

    account: str
    kind: str
    name: str


def read_arn(text: str, kind: str) -> RamArn:
    """Read the ARN of a `kind`; raise ValueError."""
    arn = _ARN.fullmatch(text)
    if arn is None or arn[2] != kind:
        raise ValueError
    return RamArn(arn[1], arn[2], arn[3])


def arn_of(account: str, kind: str, name: str) -> str:
    """The ARN of a thing of an account: `user`, `group`, `role`, `policy`, `oidc-provider`."""
    return f"acs:ram::{account}:{kind}/{name}"


def account_of(arn: str) -> str:
    """Whose it is."""
    return arn.split(":")[3]


def new_id() -> str:
    """The id of a new user, group or role: 18 digits, as the vendor's."""
    return f"{secrets.randbelow(8 * 10**17) + 2 * 10**17}"


def new_access_key_id(prefix: str = "LTAI") -> str:
    return prefix + _letters(20)


def new_secret() -> str:
    """About 178 bits."""
    return _letters(30)


def _letters(count: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(count))
