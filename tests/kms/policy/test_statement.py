# SPDX-License-Identifier: Apache-2.0
"""What a statement covers."""

import pytest

from sidecar.kms.policy.facts import RequestFacts
from sidecar.kms.policy.operators import OPERATORS
from sidecar.kms.policy.statement import Condition, ResourcePattern, Statement

FACTS = RequestFacts("10.1.2.3", 0, secure_transport=True)
ANY = ResourcePattern(("*",) * 5)
KEY = "acs:kms:cn-hangzhou:1:key/k1"


@pytest.mark.parametrize(
    ("pattern", "arn", "covers"),
    [
        ("acs:kms:*:*:key/*", KEY, True),
        ("acs:kms:cn-*:1:key/k?", KEY, True),
        ("acs:*:*:*:*", KEY, True),
        ("acs:kms:*:*:alias/*", KEY, False),
        ("acs:kms:*:*:KEY/k1", KEY, False),
        ("acs:kms:*:2:key/*", KEY, False),
        ("acs:kms:*:1*:*", "acs:kms:x:2:1:key/k1", False),
        ("acs:kms:*:*:key", "acs:kms:cn-hangzhou:1:key", True),
        ("acs:kms:*:*:key", KEY, False),
        ("*:*:*:*:*", "acs:kms", False),
    ],
)
def test_a_resource_is_covered_part_by_part(pattern: str, arn: str, *, covers: bool) -> None:
    assert ResourcePattern(tuple(pattern.split(":"))).covers(arn) is covers


def test_actions_have_no_case() -> None:
    statement = Statement("Allow", ("kms:list*",), is_not_action=False, resources=(ANY,))
    assert statement.applies("KMS:ListKeys", KEY, FACTS)
    assert not statement.applies("kms:Decrypt", KEY, FACTS)


def test_not_action_is_everything_else() -> None:
    statement = Statement("Allow", ("kms:list*",), is_not_action=True, resources=(ANY,))
    assert not statement.applies("kms:ListKeys", KEY, FACTS)
    assert statement.applies("kms:Decrypt", KEY, FACTS)


def test_every_condition_must_hold() -> None:
    inside = Condition(
        OPERATORS["IpAddress"],
        "acs:SourceIp",
        (OPERATORS["IpAddress"].values.read_expected("10.0.0.0/8"),),
    )
    secure = Condition(OPERATORS["Bool"], "acs:SecureTransport", (True,))
    plain = Condition(OPERATORS["Bool"], "acs:SecureTransport", (False,))

    def applies(*conditions: Condition) -> bool:
        return Statement("Allow", ("*",), False, (ANY,), conditions).applies(  # noqa: FBT003
            "kms:Decrypt", KEY, FACTS
        )

    assert applies(inside, secure)
    assert not applies(inside, plain)
