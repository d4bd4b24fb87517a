# SPDX-License-Identifier: Apache-2.0
"""The policy of a key beside those of its callers, over the wire."""

import json
from typing import Any

import pytest

from sidecar.cli.kms_client import KmsClient, Refusal
from sidecar.signing import AccessKey
from tests.kms.ram.conftest import ACCOUNT, OTHER_ACCOUNT, Federated
from tests.kms.refusals import refusal

SIDECAR = f"acs:ram::{ACCOUNT}:user/sidecar"
NEIGHBOUR = f"acs:ram::{OTHER_ACCOUNT}:user/neighbour"


@pytest.fixture
def cmk(federated: Federated) -> str:
    return federated.kms.make_key()


@pytest.fixture
def sidecar(federated: Federated) -> KmsClient:
    kms = federated.kms
    return KmsClient.from_file(kms.directory / "sidecar.json", kms.endpoint, None)


@pytest.fixture
def neighbour(federated: Federated, sidecar: KmsClient) -> KmsClient:
    """A user with every right on KMS, of another account."""
    return KmsClient(federated.kms.endpoint, AccessKey("LTAIneighbour", sidecar._key.secret))


def arn(cmk: str) -> str:
    return f"acs:kms:cn-hangzhou:{ACCOUNT}:key/{cmk}"


def set_policy(federated: Federated, cmk: str, *statements: dict[str, Any]) -> None:
    text = json.dumps({"Version": "1", "Statement": list(statements)})
    federated.kms.call("SetKeyPolicy", KeyId=cmk, Policy=text)


def to(principal: str, *actions: str, effect: str = "Allow") -> dict[str, Any]:
    named = {"Principal": {"RAM": [principal]}, "Resource": ["*"]}
    return {"Effect": effect, "Action": list(actions), **named}


def refused(client: KmsClient, action: str, **parameters: str) -> dict[str, Any]:
    with pytest.raises(Refusal) as caught:
        client.call(action, parameters)
    return caught.value.answer


def test_it_gives_a_user_what_no_other_policy_gives(
    federated: Federated, sidecar: KmsClient, cmk: str
) -> None:
    assert refused(sidecar, "DisableKey", KeyId=cmk)["Code"] == "Forbidden.NoPermission"
    set_policy(federated, cmk, to(SIDECAR, "kms:DisableKey"))
    sidecar.call("DisableKey", {"KeyId": cmk})
    assert refused(sidecar, "EnableKey", KeyId=cmk)["Code"] == "Forbidden.NoPermission"


def test_its_deny_beats_every_allow(federated: Federated, sidecar: KmsClient, cmk: str) -> None:
    set_policy(federated, cmk, to(f"acs:ram::{ACCOUNT}:root", "kms:Decrypt", effect="Deny"))
    made = sidecar.call("GenerateDataKey", {"KeyId": cmk})
    answer = refused(sidecar, "Decrypt", CiphertextBlob=made["CiphertextBlob"])
    assert answer["AccessDeniedDetail"]["NoPermissionType"] == "ExplicitDeny"
    assert answer["AccessDeniedDetail"]["PolicyType"] == "ResourceBasedPolicy"


def test_the_default_policy_can_be_set_and_gives_nobody_more(
    federated: Federated, sidecar: KmsClient, cmk: str
) -> None:
    told = federated.kms.call("GetKeyPolicy", KeyId=cmk)["Policy"]
    federated.kms.call("SetKeyPolicy", KeyId=cmk, Policy=told)
    assert refused(sidecar, "DisableKey", KeyId=cmk)["Code"] == "Forbidden.NoPermission"
    assert sidecar.call("GenerateDataKey", {"KeyId": cmk})


def test_another_account_uses_a_key_that_names_it(
    federated: Federated, sidecar: KmsClient, neighbour: KmsClient, cmk: str
) -> None:
    set_policy(federated, cmk, to(NEIGHBOUR, "kms:GenerateDataKey", "kms:DescribeKey"))
    made = neighbour.call("GenerateDataKey", {"KeyId": arn(cmk)})
    assert sidecar.call("Decrypt", {"CiphertextBlob": made["CiphertextBlob"]})
    assert neighbour.call("DescribeKey", {"KeyId": arn(cmk)})["KeyMetadata"]["Arn"] == arn(cmk)
    answer = refused(neighbour, "Decrypt", CiphertextBlob=made["CiphertextBlob"])
    assert answer["Code"] == "Forbidden.NoPermission"
    assert answer["AccessDeniedDetail"]["PolicyType"] == "ResourceBasedPolicy"
    set_policy(federated, cmk, to(NEIGHBOUR, "kms:Decrypt"))
    opened = neighbour.call("Decrypt", {"CiphertextBlob": made["CiphertextBlob"]})
    assert opened["Plaintext"] == made["Plaintext"]


def test_another_account_manages_no_key(
    federated: Federated, neighbour: KmsClient, cmk: str
) -> None:
    set_policy(federated, cmk, to(NEIGHBOUR, "kms:*"))
    for action in ("DisableKey", "SetKeyPolicy", "ScheduleKeyDeletion"):
        more = {"Policy": "{}"} if action == "SetKeyPolicy" else {}
        more |= {"PendingWindowInDays": "7"} if action == "ScheduleKeyDeletion" else {}
        parameters = {"KeyId": arn(cmk), **more}
        assert refused(neighbour, action, **parameters)["HttpStatus"] in (400, 403)
    assert federated.kms.call("DescribeKey", KeyId=cmk)["KeyMetadata"]["KeyState"] == "Enabled"
    answer = refused(neighbour, "CreateAlias", KeyId=arn(cmk), AliasName="alias/theirs")
    assert answer["Code"] == "Forbidden.NoPermission"


def test_a_key_that_names_nobody_of_it_is_as_one_that_is_not_there(
    federated: Federated, neighbour: KmsClient, cmk: str
) -> None:
    set_policy(federated, cmk, to(SIDECAR, "kms:*"))
    there, not_there = (
        refused(neighbour, "DescribeKey", KeyId=arn(name))
        for name in (cmk, "00000000-0000-4000-8000-000000000000")
    )
    for answer in (there, not_there):
        del answer["RequestId"], answer["Message"]
    assert there == not_there
    made = federated.kms.call("GenerateDataKey", KeyId=cmk)
    answer = refused(neighbour, "Decrypt", CiphertextBlob=made["CiphertextBlob"])
    assert answer["Code"] == "InvalidParameter"


@pytest.mark.parametrize(
    "policy",
    [
        "{}",
        "[",
        '{"Version": "1", "Statement": []}',
        json.dumps({"Version": "1", "Statement": [{**to(SIDECAR, "kms:*"), "Resource": "x"}]}),
    ],
)
def test_what_is_no_policy_is_refused(federated: Federated, cmk: str, policy: str) -> None:
    with pytest.raises(Refusal) as caught:
        federated.kms.call("SetKeyPolicy", KeyId=cmk, Policy=policy)
    assert caught.value.answer["Code"] == "InvalidParameter"


@pytest.mark.parametrize("who", ["root", "*", "user/admin"])
@pytest.mark.parametrize("right", ["kms:SetKeyPolicy", "kms:Set*", "kms:*"])
def test_no_policy_shuts_out_whoever_sets_it(
    federated: Federated, cmk: str, who: str, right: str
) -> None:
    statement = to(f"acs:ram::{ACCOUNT}:{who}", right, effect="Deny")
    text = json.dumps({"Version": "1", "Statement": [statement]})
    admin = federated.kms
    answer = refusal(admin, "SetKeyPolicy", KeyId=cmk, Policy=text)
    assert (answer["Code"], "Policy" in answer["Message"]) == ("InvalidParameter", True)
    count = admin.call("ListKeys")["TotalCount"]
    assert refusal(admin, "CreateKey", Policy=text)["Code"] == "InvalidParameter"
    assert admin.call("ListKeys")["TotalCount"] == count
    admin.call("DescribeKey", KeyId=cmk)


def test_a_policy_may_shut_out_others_and_be_taken_back(federated: Federated, cmk: str) -> None:
    set_policy(federated, cmk, to(SIDECAR, "kms:*", effect="Deny"))
    set_policy(federated, cmk, to(SIDECAR, "kms:Decrypt"))
    elsewhere = to(f"acs:ram::{ACCOUNT}:root", "kms:*", effect="Deny")
    elsewhere["Condition"] = {"NotIpAddress": {"acs:SourceIp": ["127.0.0.1"]}}
    set_policy(federated, cmk, elsewhere)
    set_policy(federated, cmk, to(SIDECAR, "kms:Decrypt"))
