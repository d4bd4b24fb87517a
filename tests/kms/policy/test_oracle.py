# SPDX-License-Identifier: Apache-2.0
"""Any policies, of callers, sessions and keys, are decided as the oracle decides them."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.kms.policy import KeyPolicy, Kind, Policy, RequestFacts, decide
from tests.kms.policy.oracle import (
    ACTIONS,
    ADDRESSES,
    NOW,
    TEAMS,
    Document,
    Request,
    policies,
    verdict,
)

OWN, OTHER = "1", "2"
KEY = f"acs:kms:cn-hangzhou:{OWN}:key/k1"
RESOURCES = (
    "*",
    KEY,
    "acs:kms:*:*:key/*",
    "acs:*:cn-?angzhou:1:*",
    "acs:kms:*:2:*",
    "acs:kms:*:1:KEY/*",
)
USER, ROLE = "acs:ram::{}:user/app", "acs:ram::{}:role/crm"
PRINCIPALS = tuple(
    one.format(account)
    for one in (USER, ROLE, "acs:ram::{}:root", "acs:ram::{}:*")
    for account in (OWN, OTHER)
)

requests = st.builds(
    Request,
    st.sampled_from(ACTIONS),
    st.just(KEY),
    st.sampled_from(ADDRESSES),
    st.booleans(),
    st.sampled_from(TEAMS),
    st.sampled_from((None, "crm", "10")),
)


def facts_of(request: Request) -> RequestFacts:
    told = {"kms:tag/team": request.team, "kms:EncryptionAlgorithm": request.algorithm}
    kms = {name: one for name, one in told.items() if one is not None}
    return RequestFacts(request.source_ip, NOW, secure_transport=request.is_secure, kms=kms)


def parsed(document: Document, kind: Kind = Kind.IDENTITY) -> Policy:
    return Policy.read(json.dumps(document), kind=kind)


@settings(max_examples=300, deadline=None)
@given(
    request=requests,
    ram=st.lists(policies(RESOURCES), max_size=3),
    session=st.none() | policies(RESOURCES),
    key=st.none() | policies(principals=PRINCIPALS),
    account=st.sampled_from((OWN, OTHER)),
)
def test_any_policies_are_decided_as_the_oracle_decides(
    request: Request,
    ram: list[Document],
    session: Document | None,
    key: Document | None,
    account: str,
) -> None:
    names = frozenset((USER.format(account), f"acs:ram::{account}:root", f"acs:ram::{account}:*"))
    of_key = KeyPolicy(
        resource=KEY,
        policy=parsed(key, Kind.KEY) if key else None,
        names=names,
        own_account=frozenset((f"acs:ram::{OWN}:root", f"acs:ram::{OWN}:*")),
        is_foreign=account != OWN,
    )
    decision = decide(
        [parsed(one) for one in ram],
        request.action,
        [KEY],
        facts_of(request),
        session=parsed(session) if session else None,
        keys=[of_key],
    )
    told = verdict(request, ram, session=session, key=key, names=names, account=account, owner=OWN)
    assert (decision.denial or "Allow") == told
