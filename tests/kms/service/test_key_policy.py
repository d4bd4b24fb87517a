# SPDX-License-Identifier: Apache-2.0
"""The policy of a CMK is kept as it was written, if it is one."""

import json

import pytest

from sidecar.kms.policy import Kind, Policy
from sidecar.kms.service.key_policy import MAX_POLICY_BYTES, default_policy, read_key_policy

DEFAULT = default_policy("1000000000000001")


def test_the_default_policy_is_a_policy() -> None:
    assert read_key_policy(DEFAULT) == DEFAULT
    assert Policy.parse(json.loads(DEFAULT), kind=Kind.KEY).statements


def test_a_policy_may_be_so_long_and_no_longer() -> None:
    longest = DEFAULT + " " * (MAX_POLICY_BYTES - len(DEFAULT))
    assert read_key_policy(longest) == longest
    with pytest.raises(ValueError):  # noqa: PT011 - readers say no more
        read_key_policy(longest + " ")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "[" * 20_000,
        DEFAULT.replace('"1"', '"2"', 1),
        DEFAULT.replace('["*"]', '["acs:kms:*:*:key/other"]'),
        DEFAULT.replace("Principal", "Princpal"),
        DEFAULT.replace('"Allow"', '"Perhaps"'),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - readers say no more
        read_key_policy(text)
