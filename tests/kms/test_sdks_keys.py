# SPDX-License-Identifier: Apache-2.0
"""What becomes of CMKs, told by the vendor's SDKs unchanged: one story an area."""

import json
import uuid

import pytest

from sidecar.kms.service.key_policy import default_policy
from tests.fixtures.kms import RunningKms
from tests.kms.sdks import SDKS, Sdk, SdkRefused

# Warnings of the SDKs' own code.
pytestmark = [
    pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning"),
]


@pytest.fixture(params=SDKS)
def sdk(request: pytest.FixtureRequest, kms: RunningKms) -> Sdk:
    return SDKS[request.param](kms, kms.access_key)


@pytest.fixture
def key_id(sdk: Sdk) -> str:
    made: str = sdk.call("CreateKey")["KeyMetadata"]["KeyId"]
    return made


def metadata(sdk: Sdk, key_id: str) -> dict[str, object]:
    told: dict[str, object] = sdk.call("DescribeKey", KeyId=key_id)["KeyMetadata"]
    return told


def refused(sdk: Sdk, action: str, **parameters: object) -> tuple[int, str]:
    with pytest.raises(SdkRefused) as caught:
        sdk.call(action, **parameters)
    return caught.value.status, caught.value.code


def test_a_key_is_made_with_everything_at_once(sdk: Sdk, kms: RunningKms) -> None:
    policy = default_policy(kms.account_id)
    made = sdk.call(
        "CreateKey",
        Description="für Kunden",
        EnableAutomaticRotation=True,
        RotationInterval="7d",
        Policy=policy,
        Tags=json.dumps([{"TagKey": "team", "TagValue": "crm"}]),
    )["KeyMetadata"]
    assert (made["AutomaticRotation"], made["RotationInterval"]) == ("Enabled", "604800s")
    assert made["NextRotationDate"] > made["LastRotationDate"] == made["CreationDate"]
    assert sdk.call("GetKeyPolicy", KeyId=made["KeyId"], PolicyName="default")["Policy"] == policy
    tags = sdk.call("ListResourceTags", KeyId=made["KeyId"])["Tags"]["Tag"]
    assert tags == [{"KeyId": made["KeyId"], "TagKey": "team", "TagValue": "crm"}]


def test_a_key_is_described_anew(sdk: Sdk, key_id: str) -> None:
    sdk.call("UpdateKeyDescription", KeyId=key_id, Description="neu")
    assert metadata(sdk, key_id)["Description"] == "neu"


def test_a_deletion_is_scheduled_and_cancelled(sdk: Sdk, key_id: str) -> None:
    sdk.call("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=7)
    told = metadata(sdk, key_id)
    assert told["KeyState"] == "PendingDeletion"
    assert str(told["DeleteDate"]) > str(told["CreationDate"])
    assert refused(sdk, "GenerateDataKey", KeyId=key_id) == (409, "Rejected.PendingDeletion")
    sdk.call("CancelKeyDeletion", KeyId=key_id)
    told = metadata(sdk, key_id)
    assert (told["KeyState"], told["DeleteDate"]) == ("Enabled", "")
    sdk.call("GenerateDataKey", KeyId=key_id)


def test_a_protected_key_cannot_be_deleted(sdk: Sdk, key_id: str) -> None:
    arn = metadata(sdk, key_id)["Arn"]
    sdk.call(
        "SetDeletionProtection",
        ProtectedResourceArn=arn,
        EnableDeletionProtection=True,
        DeletionProtectionDescription="audited",
    )
    told = metadata(sdk, key_id)
    assert told["DeletionProtection"] == "Enabled"
    assert told["DeletionProtectionDescription"] == "audited"
    answer = refused(sdk, "ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=30)
    assert answer == (409, "Rejected.DeletionProtected")
    sdk.call("SetDeletionProtection", ProtectedResourceArn=arn, EnableDeletionProtection=False)
    sdk.call("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays=366)


def test_the_policy_of_a_key_is_set_and_told(sdk: Sdk, key_id: str, kms: RunningKms) -> None:
    own = json.loads(sdk.call("GetKeyPolicy", KeyId=key_id)["Policy"])
    assert own == json.loads(default_policy(kms.account_id))
    own["Statement"][0]["Sid"] = "ours"
    sdk.call("SetKeyPolicy", KeyId=key_id, Policy=json.dumps(own))
    assert json.loads(sdk.call("GetKeyPolicy", KeyId=key_id)["Policy"]) == own


def test_rotation_is_switched_on_suspended_and_off(sdk: Sdk, key_id: str) -> None:
    sdk.call(
        "UpdateRotationPolicy", KeyId=key_id, EnableAutomaticRotation=True, RotationInterval="8d"
    )
    assert metadata(sdk, key_id)["RotationInterval"] == "691200s"
    sdk.call("DisableKey", KeyId=key_id)
    assert metadata(sdk, key_id)["AutomaticRotation"] == "Suspended"
    sdk.call("EnableKey", KeyId=key_id)
    sdk.call("UpdateRotationPolicy", KeyId=key_id, EnableAutomaticRotation=False)
    told = metadata(sdk, key_id)
    assert told["AutomaticRotation"] == "Disabled"
    assert "NextRotationDate" not in told


def test_the_versions_of_a_key_are_listed_and_described(sdk: Sdk, key_id: str) -> None:
    page = sdk.call("ListKeyVersions", KeyId=key_id)
    (version,) = page["KeyVersions"]["KeyVersion"]
    assert version["KeyVersionId"] == metadata(sdk, key_id)["PrimaryKeyVersion"]
    described = sdk.call("DescribeKeyVersion", KeyId=key_id, KeyVersionId=version["KeyVersionId"])
    assert described["KeyVersion"] == version
    assert page["TotalCount"] == 1


def test_an_asymmetric_key_gets_no_second_version_within_a_week(sdk: Sdk) -> None:
    made = sdk.call("CreateKey", KeySpec="EC_P256", KeyUsage="SIGN/VERIFY")["KeyMetadata"]
    answer = refused(sdk, "CreateKeyVersion", KeyId=made["KeyId"])
    assert answer == (400, "Rejected.LimitExceeded")


def test_the_aliases_of_one_key_are_listed(sdk: Sdk, key_id: str) -> None:
    aliases = sorted(f"alias/{uuid.uuid4()}" for _ in range(3))
    for alias in aliases:
        sdk.call("CreateAlias", KeyId=key_id, AliasName=alias)
    page = sdk.call("ListAliasesByKeyId", KeyId=key_id, PageSize=2)
    assert [entry["AliasName"] for entry in page["Aliases"]["Alias"]] == aliases[:2]
    assert page["TotalCount"] == 3


def test_keys_are_tagged_one_by_one(sdk: Sdk, key_id: str) -> None:
    tags = [{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b", "TagValue": ""}]
    sdk.call("TagResource", KeyId=key_id, Tags=json.dumps(tags))
    sdk.call("TagResource", KeyId=key_id, Tags='[{"TagKey":"a","TagValue":"2"}]')
    told = sdk.call("ListResourceTags", KeyId=key_id)["Tags"]["Tag"]
    assert [(tag["TagKey"], tag["TagValue"]) for tag in told] == [("a", "2"), ("b", "")]
    sdk.call("UntagResource", KeyId=key_id, TagKeys='["a"]')
    sdk.call("UntagResource", KeyId=key_id, TagKeys="b")
    assert sdk.call("ListResourceTags", KeyId=key_id)["Tags"]["Tag"] == []


def test_keys_are_tagged_together_and_found_by_their_tags(sdk: Sdk, kms: RunningKms) -> None:
    ids = sorted(sdk.call("CreateKey")["KeyMetadata"]["KeyId"] for _ in range(2))
    name = uuid.uuid4().hex
    about = {"RegionId": kms.region, "ResourceType": "key"}
    if "legacy" in type(sdk).__name__.lower():
        del about["RegionId"]  # the legacy SDK sends its own
    sdk.call("TagResources", **about, ResourceId=ids, Tag=[{"Key": name, "Value": "v"}])
    found = sdk.call("ListTagResources", **about, Tag=[{"Key": name, "Value": "v"}])
    entries = found["TagResources"]["TagResource"]
    assert [entry["ResourceId"] for entry in entries] == ids
    assert {(entry["TagKey"], entry["TagValue"]) for entry in entries} == {(name, "v")}
    assert found["NextToken"] == ""
    page = sdk.call("ListKeys", Filters=json.dumps([{"Key": "TagKey", "Values": [name]}]))
    assert sorted(key["KeyId"] for key in page["Keys"]["Key"]) == ids
    sdk.call("UntagResources", **about, ResourceId=ids[:1], TagKey=[name])
    sdk.call("UntagResources", **about, ResourceId=ids[1:], All=True)
    found = sdk.call("ListTagResources", **about, ResourceId=ids)
    assert found["TagResources"]["TagResource"] == []


def test_the_service_is_open(sdk: Sdk, kms: RunningKms) -> None:
    assert sdk.call("DescribeRegions")["Regions"]["Region"] == [{"RegionId": kms.region}]
    sdk.call("OpenKmsService")
    assert sdk.call("DescribeAccountKmsStatus")["AccountStatus"] == "Enabled"
