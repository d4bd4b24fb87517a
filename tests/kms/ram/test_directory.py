# SPDX-License-Identifier: Apache-2.0
"""Who is behind an access key: asked for once a transaction, and never what no longer holds."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event

from sidecar.kms.accounts import Account, User
from sidecar.kms.faults import Fault
from sidecar.signing import AccessKey
from tests.kms.ram.inside import RAM, Asked, Inside, core

ADMIN, APP = AccessKey("LTAIadmin", "one"), AccessKey("LTAIapp", "other")
RIGHTS = ("AliyunRAMFullAccess",)
READING = {"PolicyType": "System", "PolicyName": "AliyunKMSReadOnlyAccess", "UserName": "app"}
ACCOUNT = Account(
    "1", (User("admin", "21", RIGHTS, (ADMIN,)), User("app", "22", access_keys=(APP,)))
)
LIST = Asked("ListKeys", {}, APP)


@pytest.fixture
def inside(tmp_path: Path) -> Iterator[Inside]:
    with core(tmp_path, ACCOUNT) as inside:
        yield inside


def ram(action: str, **parameters: str) -> Asked:
    return Asked(action, parameters, ADMIN, RAM)


def codes(inside: Inside, *calls: Asked) -> list[str | None]:
    outcomes = inside.together(*calls)
    return [one.fault_code if isinstance(one, Fault) else None for one in outcomes]


def test_what_a_call_changes_holds_for_the_next_one_of_its_round(inside: Inside) -> None:
    mine = {"UserName": "app", "UserAccessKeyId": APP.id}
    forbidden, inactive = "Forbidden.NoPermission", "InvalidAccessKeyId.Inactive"
    assert codes(
        inside,
        LIST,
        ram("AttachPolicyToUser", **READING),
        LIST,
        ram("UpdateAccessKey", **mine, Status="Inactive"),
        LIST,
        LIST,
        ram("UpdateAccessKey", **mine, Status="Active"),
        ram("DetachPolicyFromUser", **READING),
        LIST,
    ) == [forbidden, None, None, None, inactive, inactive, None, None, forbidden]


FULL = {**READING, "PolicyName": "AliyunKMSFullAccess"}
INACTIVE = {"UserName": "app", "UserAccessKeyId": APP.id, "Status": "Inactive"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (ram("UpdateAccessKey", **INACTIVE), "InvalidAccessKeyId.Inactive"),
        (ram("DetachPolicyFromUser", **FULL), "Forbidden.NoPermission"),
    ],
)
def test_a_call_that_had_to_wait_is_asked_again_who_makes_it(
    change: Asked, code: str, inside: Inside
) -> None:
    """A pair takes a while to make, and its caller lost the right to it in the same round."""
    pair = Asked("CreateKey", {"KeySpec": "RSA_2048", "KeyUsage": "SIGN/VERIFY"}, APP)
    attached = ram("AttachPolicyToUser", **FULL)
    assert codes(inside, attached, pair, change) == [None, code, None]


def test_what_is_undone_holds_for_nobody(inside: Inside) -> None:
    again = ram("AttachPolicyToUser", **READING)
    assert codes(inside, again, again, LIST) == [None, "EntityAlreadyExists.User.Policy", None]


def test_a_change_that_was_not_kept_is_forgotten_with_its_transaction(inside: Inside) -> None:
    """As when the disk is full: the whole round is refused, and what it learnt is not believed."""

    def fail(_: Connection) -> None:
        raise OSError("the disk is full")

    event.listen(Engine, "commit", fail)
    try:
        attached = ram("AttachPolicyToUser", **READING)
        assert codes(inside, attached, LIST) == ["InternalFailure", "InternalFailure"]
    finally:
        event.remove(Engine, "commit", fail)
    assert codes(inside, LIST) == ["Forbidden.NoPermission"]


def test_the_revision_is_asked_for_once_a_transaction(inside: Inside) -> None:
    asked: list[str] = []

    def note(_: Connection, __: object, statement: str, *___: object) -> None:
        if statement.startswith("SELECT ram_revision"):
            asked.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        inside.together(*[LIST] * 20)
        assert len(asked) == 1
        inside.together(LIST, LIST)
        assert len(asked) == 2
    finally:
        event.remove(Engine, "before_cursor_execute", note)
