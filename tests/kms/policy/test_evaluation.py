# SPDX-License-Identifier: Apache-2.0
"""Decisions: the documented example, and the attacks."""

from typing import Any

import pytest

from sidecar.kms.policy import (
    Denial,
    Finding,
    KeyPolicy,
    Kind,
    Policy,
    RequestFacts,
    Source,
    decide,
)

ACCOUNT = "acs:kms:cn-hangzhou:1000000000000001"
KEY = f"{ACCOUNT}:key/11111111-2222-4333-8444-555555555555"
ALIAS = f"{ACCOUNT}:alias/customers"
INSIDE = RequestFacts("10.20.30.40", 1767225600, secure_transport=True)
OUTSIDE = RequestFacts("203.0.113.5", 1767225600, secure_transport=True)


def policy(*statements: dict[str, Any]) -> Policy:
    return Policy.parse({"Version": "1", "Statement": list(statements)})


def allow(action: object, resource: object = "*", **more: object) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: object, resource: object = "*", **more: object) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


DOCUMENTED = policy(
    allow(["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"], [KEY]),
    allow(
        "kms:DescribeKey",
        "acs:kms:*:*:key/*",
        Condition={"IpAddress": {"acs:SourceIp": ["10.0.0.0/8"]}},
    ),
    deny("kms:ScheduleKeyDeletion"),
)


@pytest.mark.parametrize(
    ("action", "resource", "facts", "denial"),
    [
        ("kms:Decrypt", KEY, OUTSIDE, None),
        ("kms:decrypt", KEY, OUTSIDE, None),
        ("kms:Decrypt", KEY + "x", OUTSIDE, Denial.IMPLICIT),
        ("kms:DescribeKey", KEY, INSIDE, None),
        ("kms:DescribeKey", KEY, OUTSIDE, Denial.IMPLICIT),
        ("kms:ScheduleKeyDeletion", KEY, INSIDE, Denial.EXPLICIT),
        ("kms:CreateKey", f"{ACCOUNT}:key", INSIDE, Denial.IMPLICIT),
    ],
)
def test_the_documented_example(
    action: str, resource: str, facts: RequestFacts, denial: Denial | None
) -> None:
    decision = decide([DOCUMENTED], action, [resource], facts)
    assert (decision.denial, decision.resource) == (denial, resource if denial else "")


def test_a_deny_beats_an_allow_in_any_order_and_policy() -> None:
    yes, no = policy(allow("*")), policy(deny("kms:Decrypt"))
    for policies in ([yes, no], [no, yes]):
        assert decide(policies, "kms:Decrypt", [KEY], INSIDE).denial is Denial.EXPLICIT
        assert decide(policies, "kms:Encrypt", [KEY], INSIDE).is_allowed


def test_every_resource_must_be_allowed() -> None:
    only_alias = [policy(allow("kms:CreateAlias", ALIAS))]
    both = [policy(allow("kms:CreateAlias", [ALIAS, KEY]))]
    refused = decide(only_alias, "kms:CreateAlias", [ALIAS, KEY], INSIDE)
    assert (refused.denial, refused.resource) == (Denial.IMPLICIT, KEY)
    assert refused.by == ()
    assert decide(both, "kms:CreateAlias", [ALIAS, KEY], INSIDE).is_allowed


def test_an_explicit_deny_is_told_even_where_an_earlier_resource_is_not_allowed() -> None:
    policies = [policy(deny("kms:CreateAlias", KEY))]
    decision = decide(policies, "kms:CreateAlias", [ALIAS, KEY], INSIDE)
    assert (decision.denial, decision.resource) == (Denial.EXPLICIT, KEY)


def test_nobody_may_do_anything_without_policies_or_to_nothing() -> None:
    assert decide([], "kms:Decrypt", [KEY], INSIDE).denial is Denial.IMPLICIT
    assert decide([policy(allow("*"))], "kms:Decrypt", [], INSIDE).denial is Denial.IMPLICIT


def test_an_alias_whose_name_looks_like_a_key_gives_no_right_on_the_key() -> None:
    policies = [policy(allow("kms:*", f"{ACCOUNT}:alias/*"))]
    assert not decide(policies, "kms:Decrypt", [KEY], INSIDE).is_allowed


def test_a_deny_under_a_negated_condition_holds_for_a_request_that_lacks_the_key() -> None:
    condition = {"StringNotEquals": {"kms:tag/team": "crm"}}
    policies = [policy(allow("*"), deny("kms:Decrypt", Condition=condition))]
    tagged = RequestFacts("10.0.0.1", 0, secure_transport=True, kms={"kms:tag/team": "crm"})
    assert decide(policies, "kms:Decrypt", [KEY], tagged).is_allowed
    assert decide(policies, "kms:Decrypt", [KEY], INSIDE).denial is Denial.EXPLICIT


def test_an_ipv4_caller_on_an_ipv6_socket_does_not_slip_past_a_deny() -> None:
    condition = {"IpAddress": {"acs:SourceIp": "203.0.113.0/24"}}
    policies = [policy(allow("*"), deny("*", Condition=condition))]
    mapped = RequestFacts("::ffff:203.0.113.5", 0, secure_transport=True)
    assert decide(policies, "kms:Decrypt", [KEY], mapped).denial is Denial.EXPLICIT


OWN, OTHER = "acs:ram::1000000000000001", "acs:ram::1000000000000002"


def key_policy(*statements: dict[str, Any], user: str = f"{OWN}:user/app") -> KeyPolicy:
    """The policy of KEY, as it counts for `user`."""
    account = user.rpartition(":")[0]
    document = {"Version": "1", "Statement": list(statements)}
    return KeyPolicy(
        resource=KEY,
        policy=Policy.parse(document, "of the key", Kind.KEY),
        names=frozenset({user, f"{account}:root", f"{account}:*"}),
        own_account=frozenset({f"{OWN}:root", f"{OWN}:*"}),
        is_foreign=account != OWN,
    )


def to(principal: str, effect: str = "Allow", action: str = "kms:Decrypt") -> dict[str, Any]:
    named = {"Principal": {"RAM": [principal]}, "Resource": "*"}
    return {"Sid": "one", "Effect": effect, "Action": [action], **named}


@pytest.mark.parametrize(
    ("statements", "denial"),
    [
        ([to(f"{OWN}:user/app")], None),
        ([to(f"{OWN}:*")], Denial.IMPLICIT),
        ([to(f"{OWN}:user/other")], Denial.IMPLICIT),
        ([to(f"{OWN}:root")], Denial.IMPLICIT),  # the account as a whole: RAM decides
        ([to(f"{OWN}:user/app", action="kms:Encrypt")], Denial.IMPLICIT),
        ([to(f"{OWN}:user/app"), to(f"{OWN}:root", "Deny")], Denial.EXPLICIT),
        ([to(f"{OWN}:root"), to(f"{OWN}:user/app")], None),
    ],
)
def test_a_key_policy_gives_or_takes_in_its_own_account(
    statements: list[dict[str, Any]], denial: Denial | None
) -> None:
    assert decide([], "kms:Decrypt", [KEY], INSIDE, keys=[key_policy(*statements)]).denial is denial


def test_in_its_own_account_ram_is_enough_and_a_deny_of_the_key_beats_it() -> None:
    yes = [policy(allow("kms:*"))]
    silent = key_policy(to(f"{OWN}:user/other"))
    assert decide(yes, "kms:Decrypt", [KEY], INSIDE, keys=[silent]).is_allowed
    denied = key_policy(to(f"{OWN}:user/app", "Deny"))
    decision = decide(yes, "kms:Decrypt", [KEY], INSIDE, keys=[denied])
    assert decision.denial is Denial.EXPLICIT
    assert decision.by == (Finding("Deny", "of the key", 1),)


@pytest.mark.parametrize("principal", [f"{OTHER}:user/app", f"{OTHER}:root", f"{OTHER}:*"])
def test_another_account_needs_both(principal: str) -> None:
    yes, user = [policy(allow("kms:*"))], f"{OTHER}:user/app"
    given = key_policy(to(principal), user=user)
    assert decide(yes, "kms:Decrypt", [KEY], INSIDE, keys=[given]).is_allowed
    assert not decide([], "kms:Decrypt", [KEY], INSIDE, keys=[given]).is_allowed
    silent = key_policy(to(f"{OWN}:root"), user=user)
    assert not decide(yes, "kms:Decrypt", [KEY], INSIDE, keys=[silent]).is_allowed
    none = silent._replace(policy=None)
    assert not decide(yes, "kms:Decrypt", [KEY], INSIDE, keys=[none]).is_allowed


def test_a_key_policy_says_nothing_about_an_alias() -> None:
    given = key_policy(to(f"{OWN}:user/app", action="kms:*"))
    decision = decide([], "kms:DeleteAlias", [ALIAS, KEY], INSIDE, keys=[given])
    assert (decision.denial, decision.resource) == (Denial.IMPLICIT, ALIAS)


def test_a_session_policy_narrows_and_never_widens() -> None:
    yes, some = [policy(allow("kms:*"))], policy(allow("kms:Decrypt"))
    assert decide(yes, "kms:Decrypt", [KEY], INSIDE, session=some).is_allowed
    assert not decide(yes, "kms:Encrypt", [KEY], INSIDE, session=some).is_allowed
    assert not decide([], "kms:Decrypt", [KEY], INSIDE, session=some).is_allowed
    given = key_policy(to(f"{OWN}:user/app", action="kms:*"))
    assert not decide([], "kms:Encrypt", [KEY], INSIDE, session=some, keys=[given]).is_allowed


YES, NO, OTHERS = [policy(allow("*"))], [policy(deny("*"))], policy(allow("kms:Encrypt"))
APP, FOREIGN = f"{OWN}:user/app", f"{OTHER}:user/app"


@pytest.mark.parametrize(
    ("policies", "key", "session", "denial", "source"),
    [
        ([], None, None, Denial.IMPLICIT, Source.IDENTITY),
        (NO, None, YES[0], Denial.EXPLICIT, Source.IDENTITY),
        (YES, None, OTHERS, Denial.IMPLICIT, Source.SESSION),
        (YES, None, NO[0], Denial.EXPLICIT, Source.SESSION),
        (YES, key_policy(to(APP, "Deny")), None, Denial.EXPLICIT, Source.KEY),
        # In the key's own account nobody waits for its policy.
        ([], key_policy(to(f"{OWN}:root")), OTHERS, Denial.IMPLICIT, Source.IDENTITY),
        ([], key_policy(to(APP)), OTHERS, Denial.IMPLICIT, Source.SESSION),
        # A foreign caller has to have both.
        ([], key_policy(to(FOREIGN), user=FOREIGN), None, Denial.IMPLICIT, Source.IDENTITY),
        ([], key_policy(to(APP), user=FOREIGN), None, Denial.IMPLICIT, Source.IDENTITY),
        (YES, key_policy(to(APP), user=FOREIGN), None, Denial.IMPLICIT, Source.KEY),
        (YES, key_policy(to(APP), user=FOREIGN), OTHERS, Denial.IMPLICIT, Source.KEY),
        (YES, key_policy(to(FOREIGN), user=FOREIGN), OTHERS, Denial.IMPLICIT, Source.SESSION),
        # Whoever denies comes before whoever does not allow.
        ([], key_policy(to(APP, "Deny")), OTHERS, Denial.EXPLICIT, Source.KEY),
        ([], None, NO[0], Denial.EXPLICIT, Source.SESSION),
    ],
)
def test_a_denial_says_whose_policy_it_hangs_on(
    policies: list[Policy],
    key: KeyPolicy | None,
    session: Policy | None,
    denial: Denial,
    source: Source,
) -> None:
    keys = [key] if key else []
    decision = decide(policies, "kms:Decrypt", [KEY], INSIDE, session=session, keys=keys)
    assert (decision.denial, decision.source) == (denial, source)


@pytest.mark.parametrize("kind", Kind)
def test_a_kept_policy_that_cannot_be_read_any_more_denies_all_but_its_replacement(
    kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    """As after an upgrade to a version that reads more strictly."""
    kept = Policy.kept('{"Version": "1", "Statement": "x"}', "old", kind)
    yes, names = policy(allow("*")), frozenset([f"{OWN}:user/app"])
    assert "the policy old denies everything, for policy: $.Statement" in caplog.text
    for action, denial in (
        ("kms:Decrypt", Denial.EXPLICIT),
        ("sts:AssumeRole", Denial.EXPLICIT),
        ("kms:SetKeyPolicy", None),
    ):
        key = KeyPolicy(KEY, kept, names, frozenset(), is_foreign=False)
        assert decide([yes], action, [KEY], INSIDE, keys=[key]).denial is denial
        assert decide([yes, kept], action, [KEY], INSIDE).denial is denial
