# SPDX-License-Identifier: Apache-2.0
"""The vendor's system policies allow what they are for."""

import pytest

from sidecar.kms.policy import SYSTEM_POLICIES, RequestFacts, decide

FACTS = RequestFacts("192.0.2.1", 0, secure_transport=True)
KEY = "acs:kms:cn-hangzhou:1:key/k1"


@pytest.mark.parametrize(
    ("name", "allowed", "refused"),
    [
        ("AliyunKMSFullAccess", "Decrypt CreateKey ListKeys", ""),
        ("AliyunKMSReadOnlyAccess", "DescribeKey ListKeys", "Decrypt CreateKey DisableKey"),
        (
            "AliyunKMSCryptoUserAccess",
            "Encrypt Decrypt GenerateDataKey GenerateDataKeyWithoutPlaintext",
            "DescribeKey CreateKey ListKeys GenerateDataKeyX",
        ),
        ("AliyunKMSCryptoAdminAccess", "CreateKey DisableKey Decrypt", ""),
    ],
)
def test_a_system_policy_on_a_key(name: str, allowed: str, refused: str) -> None:
    def is_allowed(action: str) -> bool:
        return decide([SYSTEM_POLICIES[name]], f"kms:{action}", [KEY], FACTS).is_allowed

    assert all(map(is_allowed, allowed.split()))
    assert not any(map(is_allowed, refused.split()))


def test_the_administrator_of_keys_has_no_rights_on_secrets() -> None:
    policies = [SYSTEM_POLICIES["AliyunKMSCryptoAdminAccess"]]
    secret = "acs:kms:cn-hangzhou:1:secret/s"
    assert not decide(policies, "kms:GetSecretValue", [secret], FACTS).is_allowed
    assert decide(policies, "kms:CreateKey", ["acs:kms:cn-hangzhou:1:key"], FACTS).is_allowed
    alias = ["acs:kms:cn-hangzhou:1:alias/a", KEY]
    assert decide(policies, "kms:CreateAlias", alias, FACTS).is_allowed


def test_no_system_policy_but_the_administrators_reaches_beyond_what_is_here() -> None:
    for name, policy in SYSTEM_POLICIES.items():
        assert (
            name == "AdministratorAccess"
            or not decide([policy], "oss:GetObject", ["acs:oss:cn:1:b/o"], FACTS).is_allowed
        )
