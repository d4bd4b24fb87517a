# SPDX-License-Identifier: Apache-2.0
"""RAM and STS in a small world where names meet: whatever is called in whatever order is answered
or refused, no row is left that belongs to nobody, and what `kms.yaml` says stays as it is.
"""

import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import pytest

from sidecar.hsm import Token
from sidecar.kms.accounts import Account, Group, Role, User
from sidecar.kms.api import ram, sts
from sidecar.kms.faults import Fault
from sidecar.kms.ram.roster import Roster
from sidecar.kms.store.ram_tables import (
    RamAccessKey,
    RamAttachment,
    RamGroup,
    RamMember,
    RamPolicy,
    RamPolicyVersion,
    RamRole,
    RamUser,
    StsSession,
)
from sidecar.signing import AccessKey
from tests.kms.ram.inside import RAM, STS, Asked, Inside, core

ADMIN, FILE = AccessKey("LTAIadmin", "admin"), AccessKey("LTAIfile", "file")


def document(action: str, **more: object) -> str:
    statement = {"Effect": "Allow", "Action": action, **more}
    return json.dumps({"Version": "1", "Statement": [statement]})


READ, ALL = document("kms:List*", Resource="*"), document("*", Resource="*")
ANYBODY = document("sts:AssumeRole", Principal={"RAM": "acs:ram::1:root"})
ADMINS = document("sts:AssumeRole", Principal={"RAM": "acs:ram::1:user/admin"})
ACCOUNT = Account(
    "1",
    (
        User("admin", "21", ("AdministratorAccess",), (ADMIN,)),
        User("file", "22", ("of-file",), (FILE,)),
    ),
    groups=(Group("file", ("file",), ("of-file",)),),
    roles=(Role("file", "31", ANYBODY, ("of-file",)),),
    policies={"of-file": READ},
)
TABLES = (RamUser, RamGroup, RamRole, RamPolicy, RamAccessKey, RamMember, RamAttachment)
SOME = ("one", "two", "one", "two", "file")
POOL: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("UserName", "NewUserName", "GroupName", "NewGroupName", "RoleName"), SOME),
    "PolicyName": ("one", "two", "of-file", "AliyunKMSReadOnlyAccess"),
    "PolicyType": ("Custom", "Custom", "System"),
    "PolicyDocument": (READ, ALL, "{}"),
    "AssumeRolePolicyDocument": (ANYBODY, ADMINS),
    "NewAssumeRolePolicyDocument": (ANYBODY, ADMINS),
    "VersionId": ("v1", "v2", "v3"),
    "SetAsDefault": ("true", "false"),
    **dict.fromkeys(("CascadingDelete", "DeleteVersions"), ("true", "false")),
    "RotateStrategy": ("None", "DeleteOldestNonDefaultVersionWhenLimitExceeded"),
    "Status": ("Active", "Inactive"),
    "MaxItems": ("1", "1000"),
    "Marker": ("", "one"),
    "UserAccessKeyId": (FILE.id, "@key", "@key"),
    "RoleArn": tuple(f"acs:ram::1:role/{name}" for name in SOME),
    "RoleSessionName": ("me",),
    "Policy": ("", READ),
    **dict.fromkeys(("MaxSessionDuration", "NewMaxSessionDuration"), ("3600", "43200", "1")),
    **dict.fromkeys(("DurationSeconds", "ExternalId", "Tag"), ("",)),
}
"""Values that mean something here."""
ANYTHING = ("", "a", "\u00fc\u4e2d\U0001f511", "\r\n", "x" * 128, "x" * 2000, "\0")
"""Of a parameter that is not named."""

ACTIONS = {
    **ram.ACTIONS,
    **{name: sts.ACTIONS[name] for name in ("AssumeRole", "GetCallerIdentity")},
}


class Play:
    """Calls by the administrator, and some by the keys and sessions that they make."""

    def __init__(self, inside: Inside, random: Random) -> None:
        self._inside = inside
        self._random = random
        self._keys: list[AccessKey] = [ADMIN]

    def round(self) -> None:
        """Several calls, which share a transaction."""
        calls = [self._draw() for _ in range(16)]
        for call, outcome in zip(calls, self._inside.together(*calls), strict=True):
            if isinstance(outcome, Fault):
                assert outcome.http_status < 500, call
                assert outcome.message.isprintable()
                continue
            json.dumps(outcome, allow_nan=False).encode()
            made: Any = outcome.get("AccessKey") or outcome.get("Credentials")
            if isinstance(made, dict):
                token = made.get("SecurityToken")
                key = AccessKey(made["AccessKeyId"], made["AccessKeySecret"], token)
                self._keys.append(key)

    def _draw(self) -> Asked:
        """An action with values for most of its parameters."""
        random = self._random
        action = ACTIONS[random.choice(sorted(ACTIONS))]
        parameters = {
            one.name: random.choice(POOL.get(one.name, ANYTHING)).replace("@key", self._keys[-1].id)
            for one in action.parameters
            if random.random() < 0.95
        }
        key = random.choice(self._keys) if random.random() < 0.2 else ADMIN
        version = RAM if action.name in ram.ACTIONS else STS
        return Asked(action.name, parameters, key, version)


def rows(inside: Inside, *tables: type[Any]) -> list[list[Any]]:
    def work(_: Token) -> list[list[Any]]:
        with inside.database.transaction() as connection:
            return [Roster(connection, "1").all_of(table) for table in tables]

    return inside.hsm.run(work)


def seeded(inside: Inside) -> list[dict[str, object]]:
    """What the file says, as it stands; an access key may have been set aside."""
    return [
        {column.name: getattr(row, column.name) for column in row.__table__.columns}
        | {"is_active": True}
        for some in rows(inside, *TABLES)
        for row in some
        if row.is_seeded
    ]


def check_that_nothing_hangs_in_the_air(inside: Inside) -> None:
    users, groups, roles, policies, keys, members, attachments, versions, sessions = rows(
        inside, *TABLES, RamPolicyVersion, StsSession
    )
    named: dict[str, set[str]] = {
        kind: {row.name for row in some}
        for kind, some in (("User", users), ("Group", groups), ("Role", roles))
    }
    own = {row.name for row in policies}
    texts = {(row.policy, row.version) for row in versions}
    assert {row.user for row in (*keys, *members)} <= named["User"]
    assert {row.group for row in members} <= named["Group"]
    assert all(row.holder in named[row.kind] for row in attachments)
    assert {row.policy for row in attachments if row.policy_type == "Custom"} <= own
    assert {name for name, _ in texts} == own
    assert {(row.name, row.default_version) for row in policies} <= texts
    assert {row.role_id for row in sessions} <= {row.id for row in roles}


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    with core(tmp_path_factory.mktemp("fuzz"), ACCOUNT) as inside:
        yield inside


@pytest.mark.parametrize("seed", range(5))
def test_no_calls_in_any_order_break_it(inside: Inside, seed: int) -> None:
    play, before = Play(inside, Random(seed)), seeded(inside)
    for _ in range(30):
        play.round()
    check_that_nothing_hangs_in_the_air(inside)
    assert seeded(inside) == before
