# SPDX-License-Identifier: Apache-2.0
"""The policy that hangs on a CMK, as text; what it decides is told in `sidecar/kms/policy`."""

import json
from functools import lru_cache

from sidecar.kms.policy import BadPolicy, Kind, Policy

MAX_POLICY_BYTES = 32_768
POLICY_NAME = "default"
"""A CMK has one policy, and this is its name."""


def read_key_policy(text: str) -> str:
    """Read a Policy parameter: the text itself, if it is a policy; raise ValueError."""
    if len(text.encode()) > MAX_POLICY_BYTES:
        raise ValueError
    try:
        Policy.read(text, kind=Kind.KEY)
    except BadPolicy as error:
        raise ValueError from error
    return text


@lru_cache(1024)
def parse_key_policy(text: str) -> Policy:
    """A stored policy, understood; the same text is the same policy."""
    return Policy.kept(text, "of the key", Kind.KEY)


def default_policy(account: str) -> str:
    """What a CMK without a policy of its own has: it leaves everything to the account's RAM."""
    statement = {
        "Sid": "kms default key policy",
        "Effect": "Allow",
        "Principal": {"RAM": [f"acs:ram::{account}:*"]},
        "Action": ["kms:*"],
        "Resource": ["*"],
    }
    return json.dumps({"Version": "1", "Statement": [statement]})
