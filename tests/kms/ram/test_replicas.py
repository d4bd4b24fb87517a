# SPDX-License-Identifier: Apache-2.0
"""Two replicas on one PostgreSQL database: what one is told, the other goes by at once."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest

from sidecar.signing import AccessKey
from tests.fixtures.kms import RunningKms
from tests.fixtures.postgresql import Postgresql
from tests.kms.raw import ask, signed, wire

RAM, STS = "2015-05-01", "2015-04-01"


class Replicas(NamedTuple):
    one: RunningKms
    other: RunningKms


@pytest.fixture
def replicas(make_kms: Callable[[], RunningKms], postgresql: Postgresql) -> Iterator[Replicas]:
    one = make_kms()
    configuration = one.directory / "kms.yaml"
    text = configuration.read_text().replace("kms.db", f'"{postgresql.make_database()}"')
    configuration.write_text(text)
    other = copy.copy(one)
    for kms in (one, other):
        kms.start()
    yield Replicas(one, other)
    other.close()


def call(kms: RunningKms, action: str, key: AccessKey, version: str, **parameters: str) -> Any:
    query = tuple(parameters.items())
    return ask(kms, wire(signed(action, *query, key=key, version=version))).json


def code(kms: RunningKms, key: AccessKey) -> str | None:
    told: str | None = call(kms, "ListKeys", key, "2016-01-20").get("Code")
    return told


def test_what_one_is_told_the_other_goes_by_from_the_next_call_on(replicas: Replicas) -> None:
    change_users(replicas)
    open_and_end_a_session(replicas)


def change_users(replicas: Replicas) -> None:
    one, other = replicas
    admin = one.access_key
    call(one, "CreateUser", admin, RAM, UserName="app")
    made = call(other, "CreateAccessKey", admin, RAM, UserName="app")["AccessKey"]
    key = AccessKey(made["AccessKeyId"], made["AccessKeySecret"])
    mine = {"UserName": "app", "UserAccessKeyId": key.id}
    policy = {"UserName": "app", "PolicyType": "System", "PolicyName": "AliyunKMSReadOnlyAccess"}
    for changed, asked in ((one, other), (other, one)):
        assert code(asked, key) == "Forbidden.NoPermission"
        call(changed, "AttachPolicyToUser", admin, RAM, **policy)
        assert code(asked, key) is None
        call(changed, "UpdateAccessKey", admin, RAM, **mine, Status="Inactive")
        assert code(asked, key) == "InvalidAccessKeyId.Inactive"
        call(changed, "UpdateAccessKey", admin, RAM, **mine, Status="Active")
        call(changed, "DetachPolicyFromUser", admin, RAM, **policy)


def open_and_end_a_session(replicas: Replicas) -> None:
    one, other = replicas
    admin = one.access_key
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"RAM": f"acs:ram::{one.account_id}:user/admin"},
    }
    trust = json.dumps({"Version": "1", "Statement": [statement]})
    role = call(one, "CreateRole", admin, RAM, RoleName="r", AssumeRolePolicyDocument=trust)["Role"]
    assumed = call(other, "AssumeRole", admin, STS, RoleArn=role["Arn"], RoleSessionName="me")
    made = assumed["Credentials"]
    key = AccessKey(made["AccessKeyId"], made["AccessKeySecret"], made["SecurityToken"])
    for kms in replicas:
        assert call(kms, "GetCallerIdentity", key, STS)["RoleId"] == role["RoleId"]
    assert call(one, "RevokeRoleSessions", admin, RAM, RoleName="r")["RevokedSessions"] == 1
    for kms in replicas:
        assert code(kms, key) == "InvalidAccessKeyId.NotFound"
