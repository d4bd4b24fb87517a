# SPDX-License-Identifier: Apache-2.0
"""Policies in the store that this version cannot read: nobody gains by them, and they mend."""

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import update

from sidecar.hsm import Token
from sidecar.kms.accounts import Account, Role, User
from sidecar.kms.faults import Fault
from sidecar.kms.store import Key
from sidecar.kms.store.ram_tables import RamPolicyVersion, RamRole
from sidecar.signing import AccessKey
from tests.kms.ram.inside import KMS, RAM, STS, Inside, core

ADMIN, APP = AccessKey("LTAIadmin", "one"), AccessKey("LTAIapp", "other")
BROKEN = '{"Version": "1", "Version": "1"}'
ALLOW = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ALL = json.dumps({"Version": "1", "Statement": [ALLOW]})
TRUST = json.dumps(
    {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"RAM": "acs:ram::1:root"},
            }
        ],
    }
)
ACCOUNT = Account(
    "1",
    (User("admin", "21", ("AdministratorAccess",), (ADMIN,)), User("app", "22", (), (APP,))),
    roles=(Role("crm", "31", TRUST, ()),),
)


@pytest.fixture
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    with core(tmp_path_factory.mktemp("kept"), ACCOUNT) as inside:
        yield inside


def code(
    inside: Inside, action: str, key: AccessKey, version: str = KMS, **parameters: str
) -> str | None:
    try:
        inside.call(action, key, version, **parameters)
    except Fault as fault:
        return fault.fault_code
    return None


def break_all(inside: Inside) -> None:
    def work(_: Token) -> None:
        with inside.database.transaction() as connection:
            connection.execute(update(RamPolicyVersion).values(document=BROKEN))
            connection.execute(update(RamRole).values(trust=BROKEN))
            connection.execute(update(Key).values(policy=BROKEN))

    inside.hsm.run(work)


def test_they_deny_until_they_are_replaced(inside: Inside) -> None:
    named = {"PolicyName": "own"}
    inside.call("CreatePolicy", ADMIN, RAM, **named, PolicyDocument=ALL)
    held = {**named, "PolicyType": "Custom", "UserName": "app"}
    inside.call("AttachPolicyToUser", ADMIN, RAM, **held)
    metadata = inside.call("CreateKey", ADMIN)["KeyMetadata"]
    assert isinstance(metadata, dict)
    cmk = {"KeyId": metadata["KeyId"]}
    role = {"RoleArn": "acs:ram::1:role/crm", "RoleSessionName": "me"}
    break_all(inside)
    assert code(inside, "ListKeys", APP) == "Forbidden.NoPermission"
    assert code(inside, "DescribeKey", ADMIN, **cmk) == "Forbidden.NoPermission"
    assert code(inside, "AssumeRole", ADMIN, STS, **role) == "NoPermission"
    assert code(inside, "GetPolicy", ADMIN, RAM, **named, PolicyType="Custom") is None
    new = {"PolicyDocument": ALL, "SetAsDefault": "true"}
    inside.call("CreatePolicyVersion", ADMIN, RAM, **named, **new)
    told = inside.call("GetKeyPolicy", ADMIN, **cmk)["Policy"]
    assert told == BROKEN
    policy = json.dumps(
        {"Version": "1", "Statement": [{**ALLOW, "Principal": {"RAM": "acs:ram::1:*"}}]}
    )
    inside.call("SetKeyPolicy", ADMIN, **cmk, Policy=policy)
    assert code(inside, "ListKeys", APP) is None
    assert code(inside, "DescribeKey", ADMIN, **cmk) is None
