# SPDX-License-Identifier: Apache-2.0
"""Becoming a role: who may, for how long, under which name, and with no more than it has."""

import json
from collections.abc import Iterator

import pytest

from sidecar.kms.accounts import Account, Role, User
from sidecar.kms.faults import Fault
from sidecar.kms.ram.sessions import KEPT_SECONDS, MIN_SECONDS
from sidecar.signing import AccessKey
from tests.kms.ram.inside import NOW, STS, Inside, core

ADMIN, EVE = AccessKey("LTAIadmin", "one"), AccessKey("LTAIeve", "other")
ASSUME = "AliyunSTSAssumeRoleAccess"


def document(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "1", "Statement": list(statements)})


def to(*principals: str, effect: str = "Allow") -> dict[str, object]:
    whom = {"Principal": {"RAM": list(principals)}}
    return {"Effect": effect, "Action": "sts:AssumeRole", **whom}


def trust(*principals: str) -> str:
    return document(to(*principals))


def allow(*actions: str) -> str:
    return document({"Effect": "Allow", "Action": list(actions), "Resource": "*"})


FIRST, SECOND, DENYING = (f"acs:ram::1:role/{name}" for name in ("first", "second", "denying"))
ADMIN_AND_EVE = "acs:ram::1:user/admin", "acs:ram::2:user/eve"
ROLES = (
    Role("first", "31", trust("acs:ram::1:user/admin"), (ASSUME, "AliyunKMSFullAccess"), 7200),
    Role("second", "32", trust(FIRST), ("AliyunKMSReadOnlyAccess",), 7200),
    Role(
        "denying",
        "33",
        document(to(*ADMIN_AND_EVE), to(*ADMIN_AND_EVE, effect="Deny")),
        ("AliyunKMSReadOnlyAccess",),
    ),
)
ACCOUNTS = (
    Account("1", (User("admin", "21", (ASSUME,), (ADMIN,)),), roles=ROLES),
    Account("2", (User("eve", "22", (ASSUME,), (EVE,)),)),
)


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    with core(tmp_path_factory.mktemp("roles"), *ACCOUNTS) as inside:
        yield inside


def become(inside: Inside, key: AccessKey = ADMIN, role: str = FIRST, **more: str) -> AccessKey:
    parameters = {"RoleArn": role, "RoleSessionName": "me", **more}
    made = inside.call("AssumeRole", key, STS, **parameters)["Credentials"]
    assert isinstance(made, dict)
    return AccessKey(made["AccessKeyId"], made["AccessKeySecret"], made["SecurityToken"])


def code(inside: Inside, key: AccessKey, action: str = "ListKeys") -> str | None:
    try:
        inside.call(action, key)
    except Fault as fault:
        return fault.fault_code
    return None


def test_another_account_does_not_find_out_which_roles_there_are(inside: Inside) -> None:
    for more in ({}, {"Policy": "[]"}, {"DurationSeconds": "43200"}):
        told = []
        for role in (FIRST, DENYING, "acs:ram::1:role/nobody", "acs:ram::9:role/first"):
            with pytest.raises(Fault) as caught:
                become(inside, EVE, role, **more)
            told.append((caught.value.fault_code, caught.value.why, caught.value.detail))
        assert told == told[:1] * 4
    with pytest.raises(Fault, match="The role does not exist"):
        become(inside, role="acs:ram::1:role/nobody")


def test_a_trust_policy_that_refuses_is_told_as_the_reason(inside: Inside) -> None:
    for role, denial in ((SECOND, "ImplicitDeny"), (DENYING, "ExplicitDeny")):
        with pytest.raises(Fault) as caught:
            become(inside, role=role)
        assert caught.value.detail == {
            "AuthAction": "sts:AssumeRole",
            "AuthPrincipalDisplayName": "admin",
            "AuthPrincipalOwnerId": "1",
            "AuthPrincipalType": "SubUser",
            "NoPermissionType": denial,
            "PolicyType": "AssumeRolePolicy",
        }


def test_a_role_of_a_role_may_what_that_one_may_and_for_an_hour(inside: Inside) -> None:
    first = become(inside, DurationSeconds="7200")
    second = become(inside, first, SECOND, DurationSeconds="3600")
    assert (code(inside, first, "CreateKey"), code(inside, second)) == (None, None)
    assert code(inside, second, "CreateKey") == "Forbidden.NoPermission"
    with pytest.raises(Fault, match="DurationSeconds"):
        become(inside, first, SECOND, DurationSeconds="3601")
    with pytest.raises(Fault, match="not authorized"):
        become(inside, ADMIN, SECOND)
    with pytest.raises(Fault, match="forbidden by permission system"):
        become(inside, second, SECOND)


def test_a_narrowed_session_becomes_no_other_role(inside: Inside) -> None:
    narrowed = become(inside, Policy=allow("kms:*"))
    assert code(inside, narrowed, "CreateKey") is None
    with pytest.raises(Fault, match="forbidden by permission system"):
        become(inside, narrowed, SECOND)
    wide = become(inside, Policy=allow("sts:AssumeRole", "ram:*"))
    assert code(inside, wide) == "Forbidden.NoPermission"
    second = become(inside, wide, SECOND, Policy=allow("*"))
    assert code(inside, second, "CreateKey") == "Forbidden.NoPermission"


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"DurationSeconds": "7201"}, "DurationSeconds"),
        ({"DurationSeconds": "899"}, "DurationSeconds"),
        ({"DurationSeconds": "-900"}, "DurationSeconds"),
        ({"Policy": "[]"}, "expected a mapping"),
        ({"Policy": '{"Version": "1", "Version": "1"}'}, "stands twice"),
        ({"Policy": trust(FIRST)}, "unknown key 'Principal'"),
        *(
            ({"RoleSessionName": name}, "RoleSessionName")
            for name in (
                *("x", "x" * 65, "a/b", "a:b", "a*", "a b", "${x}", "\u00e9\u00e9", "\u0661\u0662"),
                *("me\n", "me\0", "me\u202e", '"}'),
            )
        ),
        *(
            ({"RoleArn": arn}, "RoleArn")
            for arn in (
                *("first", "acs:ram::1:user/admin", "acs:ram::1:role/*", "acs:ram::*:role/first"),
                *(FIRST + "\n", FIRST + "/../second", "acs:ram:::role/first", FIRST.upper()),
            )
        ),
    ],
)
def test_what_is_asked_for_is_read_strictly(
    more: dict[str, str], complaint: str, inside: Inside
) -> None:
    with pytest.raises(Fault, match=complaint):
        become(inside, **more)


def test_a_session_ends_in_its_second_and_for_a_day_its_owner_hears_so(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = become(inside, DurationSeconds=f"{MIN_SECONDS}")
    for later, expected in (
        (MIN_SECONDS - 1, None),
        (MIN_SECONDS, "InvalidSecurityToken.Expired"),
        (MIN_SECONDS + KEPT_SECONDS, "InvalidSecurityToken.Expired"),
    ):
        monkeypatch.setattr(inside, "now", NOW + later)
        become(inside)  # with which old sessions are forgotten
        assert code(inside, session) == expected
