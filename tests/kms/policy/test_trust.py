# SPDX-License-Identifier: Apache-2.0
"""Which trust policies let in whoever a provider vouches for, and which say whom they mean."""

from typing import Any

import pytest

from sidecar.kms.policy import Kind, Policy
from sidecar.kms.policy.trust import open_providers, providers_of

ONE, OTHER = "acs:ram::1:oidc-provider/one", "acs:ram::1:oidc-provider/other"
CRM = "system:serviceaccount:shop:crm"


def let(
    *providers: str, effect: str = "Allow", ram: str = "", **condition: object
) -> dict[str, Any]:
    principal = {"Federated": list(providers)} if providers else {}
    statement: dict[str, Any] = {
        "Effect": effect,
        "Action": "sts:AssumeRole",
        "Principal": principal | ({"RAM": ram} if ram else {}),
    }
    return statement | ({"Condition": condition} if condition else {})


def trust(*statements: dict[str, Any]) -> Policy:
    return Policy.parse({"Version": "1", "Statement": list(statements)}, "trust", Kind.TRUST)


def subject(*patterns: str) -> dict[str, list[str]]:
    return {"oidc:sub": list(patterns)}


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"StringEquals": {"oidc:aud": "sts.aliyuncs.com", "oidc:iss": "https://issuer.test"}},
        {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}},
        {"StringLike": subject("*")},
        {"StringLike": subject("?*")},
        {"StringLike": subject(CRM, "*")},
        {"StringLike": subject("system:serviceaccount:*")},
        {"StringLike": subject("system:*:*:*")},
        {"StringNotEquals": subject(CRM)},
        {"StringNotLike": subject("system:serviceaccount:kube-system:*")},
        {"StringLike": {**subject("*"), "oidc:aud": "sts.aliyuncs.com"}},
    ],
)
def test_a_condition_that_names_no_subject_lets_in_everybody(condition: dict[str, Any]) -> None:
    assert open_providers(trust(let(ONE, **condition))) == [ONE]


@pytest.mark.parametrize(
    "condition",
    [
        {"StringEquals": subject(CRM)},
        {"StringEquals": subject("*")},  # the letter: no pattern
        {"StringEqualsIgnoreCase": subject(CRM)},
        {"StringLike": subject("system:serviceaccount:shop:*")},
        {"StringLike": subject("system:serviceaccount:*:crm")},
        {"StringLike": subject("repo:shop/*")},
        {"StringEquals": subject(CRM), "StringLike": subject("*")},
    ],
)
def test_a_condition_that_names_one_does_not(condition: dict[str, Any]) -> None:
    assert open_providers(trust(let(ONE, **condition))) == []


def test_a_deny_may_say_whom_an_allow_means_and_one_that_may_not_hold_does_not() -> None:
    others = {"StringNotEquals": subject(CRM)}
    elsewhere = {"NotIpAddress": {"acs:SourceIp": "10.0.0.0/8"}}
    assert open_providers(trust(let(ONE), let(ONE, effect="Deny", **others))) == []
    assert open_providers(trust(let(ONE), let(OTHER, effect="Deny", **others))) == [ONE]
    assert open_providers(trust(let(ONE), let(ONE, effect="Deny", **others, **elsewhere))) == [ONE]


def test_each_provider_is_looked_at_by_itself() -> None:
    named = let(ONE, StringEquals=subject(CRM))
    assert open_providers(trust(named, let(OTHER))) == [OTHER]
    assert open_providers(trust(named, let(ONE, OTHER))) == [ONE, OTHER]


def test_users_and_roles_are_no_providers() -> None:
    mixed = trust(let(ram="acs:ram::1:root"), let(ONE, ram="acs:ram::1:role/oidc"))
    assert providers_of(mixed) == {ONE}
    assert providers_of(trust(let(ram="acs:ram::1:root"))) == frozenset()
    assert open_providers(trust(let(ram="acs:ram::1:root"))) == []


def test_a_policy_that_is_read_no_more_lets_in_nobody() -> None:
    assert open_providers(Policy.kept("{}", "trust", Kind.TRUST)) == []
