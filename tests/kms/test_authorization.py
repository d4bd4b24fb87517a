# SPDX-License-Identifier: Apache-2.0
"""What a policy refuses is told as RAM tells it."""

import pytest

from sidecar.kms.accounts import Account
from sidecar.kms.api.action import Target
from sidecar.kms.authorization import authorize
from sidecar.kms.faults import Fault
from sidecar.kms.policy import Policy, RequestFacts
from sidecar.kms.ram.caller import Caller
from sidecar.signing import AccessKey

ALIAS, KEY = "acs:kms:r:1:alias/a", "acs:kms:r:1:key/k"
BOTH = Target((ALIAS, KEY))


def caller(*statements: dict[str, object]) -> Caller:
    policy = Policy.parse({"Version": "1", "Statement": list(statements)})
    return Caller(Account("1", ()), "user", "2", "app", AccessKey("LTAI", "s"), (policy,))


def facts(source_ip: str = "192.0.2.1", **kms: str) -> RequestFacts:
    return RequestFacts(source_ip, 0, secure_transport=False, kms=kms)


def allow(action: str, resource: str, **condition: object) -> dict[str, object]:
    statement: dict[str, object] = {"Effect": "Allow", "Action": action, "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})


def test_every_resource_has_to_be_allowed() -> None:
    right = "kms:CreateAlias"
    authorize(caller(allow("kms:*", "*")), right, BOTH, facts())
    with pytest.raises(Fault, match=f"for {KEY} is forbidden") as caught:
        authorize(caller(allow("kms:*", ALIAS)), right, BOTH, facts())
    assert caught.value.detail == {
        "AuthAction": "kms:CreateAlias",
        "AuthPrincipalDisplayName": "app",
        "AuthPrincipalOwnerId": "1",
        "AuthPrincipalType": "SubUser",
        "NoPermissionType": "ImplicitDeny",
        "PolicyType": "AccountLevelIdentityBasedPolicy",
    }


def test_a_deny_is_told_as_one() -> None:
    deny = {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"}
    with pytest.raises(Fault) as caught:
        authorize(caller(allow("kms:*", "*"), deny), "kms:Decrypt", Target((KEY,)), facts())
    assert caught.value.detail is not None
    assert caught.value.detail["NoPermissionType"] == "ExplicitDeny"


def test_a_policy_may_ask_how_and_from_where() -> None:
    symmetric = {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}
    asking = caller(
        allow("kms:*", "*", StringEquals=symmetric, IpAddress={"acs:SourceIp": "192.0.2.0/24"})
    )
    target = Target((KEY,))
    authorize(asking, "kms:Encrypt", target, facts(**symmetric))
    with pytest.raises(Fault):  # not an action with an algorithm
        authorize(asking, "kms:DescribeKey", target, facts())
    with pytest.raises(Fault):
        authorize(asking, "kms:Encrypt", target, facts("198.51.100.1", **symmetric))
