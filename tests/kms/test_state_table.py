# SPDX-License-Identifier: Apache-2.0
"""The documented table of key states, cell by cell: which action goes in which state."""

import base64
import uuid
from typing import NamedTuple

import pytest

from tests.fixtures.kms import RunningKms
from tests.kms.refusals import refusal, told

OK = ""
MODIFIED = "Rejected.StateModifiedFailed"
DISABLED, DELETING, IMPORTING = (
    f"Rejected.{state}" for state in ("Disabled", "PendingDeletion", "PendingImport")
)
STATES = ("Enabled", "Disabled", "PendingDeletion", "PendingImport")
USE = (OK, DISABLED, DELETING, IMPORTING)
ALWAYS = (OK, OK, OK, OK)
SWITCH = (OK, OK, MODIFIED, MODIFIED)
NOT_DELETING = (OK, OK, MODIFIED, OK)
TEXT = base64.b64encode(b"a canary").decode()


class Cell(NamedTuple):
    """What one action does with a CMK in one state."""

    action: str
    more: dict[str, str]
    state: str
    code: str


TABLE: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "GenerateDataKey": (USE, {}),
    "GenerateDataKeyWithoutPlaintext": (USE, {}),
    "Encrypt": (USE, {"Plaintext": TEXT}),
    "DescribeKey": (ALWAYS, {}),
    "ListAliasesByKeyId": (ALWAYS, {}),
    "ListKeyVersions": (ALWAYS, {}),
    "GetKeyPolicy": (ALWAYS, {}),
    "ListResourceTags": (ALWAYS, {}),
    "EnableKey": (SWITCH, {}),
    "DisableKey": (SWITCH, {}),
    "ScheduleKeyDeletion": (NOT_DELETING, {"PendingWindowInDays": "7"}),
    "CancelKeyDeletion": ((MODIFIED, MODIFIED, OK, MODIFIED), {}),
    "CreateAlias": (NOT_DELETING, {"AliasName": "@new"}),
    "UpdateAlias": ((OK, OK, DELETING, OK), {"AliasName": "@there"}),
}
CELLS = [
    Cell(action, more, state, code)
    for action, (codes, more) in TABLE.items()
    for state, code in zip(STATES, codes, strict=True)
]


def new_for(kms: RunningKms, state: str) -> str:
    """A CMK that can come into a state."""
    origin = "EXTERNAL" if state == "PendingImport" else "Aliyun_KMS"
    key_id: str = kms.call("CreateKey", Origin=origin)["KeyMetadata"]["KeyId"]
    return key_id


def bring(kms: RunningKms, key_id: str, state: str) -> None:
    """Let it come into that state."""
    if state == "Disabled":
        kms.call("DisableKey", KeyId=key_id)
    if state == "PendingDeletion":
        kms.call("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays="7")
    assert kms.call("DescribeKey", KeyId=key_id)["KeyMetadata"]["KeyState"] == state


def check(kms: RunningKms, code: str, action: str, parameters: dict[str, str]) -> None:
    if code == OK:
        kms.call(action, **parameters)
    else:
        assert told(refusal(kms, action, **parameters)) == (409, code)


@pytest.fixture(scope="module")
def alias(kms: RunningKms) -> str:
    name = f"alias/{uuid.uuid4()}"
    kms.make_key(name)
    return name


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: f"{cell.action}-{cell.state}")
def test_an_action_goes_in_its_states(kms: RunningKms, alias: str, cell: Cell) -> None:
    names = {"@new": f"alias/{uuid.uuid4()}", "@there": alias}
    filled = {name: names.get(text, text) for name, text in cell.more.items()}
    key_id = new_for(kms, cell.state)
    bring(kms, key_id, cell.state)
    check(kms, cell.code, cell.action, {"KeyId": key_id, **filled})


@pytest.mark.parametrize(("state", "code"), list(zip(STATES[:3], USE[:3], strict=True)))
@pytest.mark.parametrize("action", ["Decrypt", "ReEncrypt"])
def test_what_was_sealed_opens_while_its_cmk_is_enabled(
    kms: RunningKms, action: str, state: str, code: str
) -> None:
    key_id, other = kms.make_key(), kms.make_key()
    blob = kms.call("GenerateDataKey", KeyId=key_id)["CiphertextBlob"]
    bring(kms, key_id, state)
    more = {"DestinationKeyId": other} if action == "ReEncrypt" else {}
    check(kms, code, action, {"CiphertextBlob": blob, **more})
    if action == "ReEncrypt":
        blob = kms.call("GenerateDataKey", KeyId=other)["CiphertextBlob"]
        check(kms, code, action, {"CiphertextBlob": blob, "DestinationKeyId": key_id})


def test_an_alias_goes_in_every_state(kms: RunningKms) -> None:
    for state in STATES:
        name = f"alias/{uuid.uuid4()}"
        key_id = new_for(kms, state)
        kms.call("CreateAlias", KeyId=key_id, AliasName=name)
        bring(kms, key_id, state)
        kms.call("DeleteAlias", AliasName=name)


def test_a_cmk_whose_deletion_was_cancelled_is_enabled(kms: RunningKms) -> None:
    key_id = new_for(kms, "Disabled")
    bring(kms, key_id, "Disabled")
    kms.call("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays="366")
    kms.call("CancelKeyDeletion", KeyId=key_id)
    assert kms.call("DescribeKey", KeyId=key_id)["KeyMetadata"]["KeyState"] == "Enabled"
