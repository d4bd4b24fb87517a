# SPDX-License-Identifier: Apache-2.0
"""The vendor's SDKs work unchanged, each in each of its ways to sign: every action, one story."""

import base64
import uuid

import pytest

from sidecar.signing import AccessKey
from tests.fixtures.kms import RunningKms
from tests.kms.sdks import SDKS, Sdk, SdkRefused

# Warnings of the SDKs' own code.
pytestmark = [
    pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning"),
]

PLAINTEXT = base64.b64encode("grüße & more=1".encode()).decode()
CONTEXT = {"tenant": "a b", "名": "é&=%"}


@pytest.fixture(params=SDKS)
def sdk(request: pytest.FixtureRequest, kms: RunningKms) -> Sdk:
    return SDKS[request.param](kms, kms.access_key)


@pytest.fixture
def alias() -> str:
    return f"alias/{uuid.uuid4()}"


def listed_keys(sdk: Sdk) -> list[str]:
    """Every CMK, page by page: the core is shared with other tests."""
    keys: list[str] = []
    total = 1
    while len(keys) < total:
        page = sdk.call("ListKeys", PageNumber=len(keys) // 100 + 1, PageSize=100)
        total = page["TotalCount"]
        keys += [key["KeyId"] for key in page["Keys"]["Key"]]
    return keys


def test_keys_are_made_described_switched_and_listed(sdk: Sdk) -> None:
    metadata = sdk.call("CreateKey", Description="für Kunden", ProtectionLevel="HSM")["KeyMetadata"]
    key_id = metadata["KeyId"]
    assert metadata["Description"] == "für Kunden"
    assert metadata["KeyState"] == "Enabled"
    sdk.call("DisableKey", KeyId=key_id)
    described = sdk.call("DescribeKey", KeyId=key_id)["KeyMetadata"]
    assert described["KeyState"] == "Disabled"
    assert described["Arn"].endswith(f":key/{key_id}")
    sdk.call("EnableKey", KeyId=key_id)
    assert sdk.call("DescribeKey", KeyId=key_id)["KeyMetadata"]["KeyState"] == "Enabled"
    assert key_id in listed_keys(sdk)


def test_aliases_are_made_moved_listed_and_deleted(sdk: Sdk, alias: str) -> None:
    first, second = (sdk.call("CreateKey")["KeyMetadata"]["KeyId"] for _ in range(2))
    sdk.call("CreateAlias", KeyId=first, AliasName=alias)
    assert sdk.call("DescribeKey", KeyId=alias)["KeyMetadata"]["KeyId"] == first
    sdk.call("UpdateAlias", KeyId=second, AliasName=alias)
    page = sdk.call("ListAliases", PageSize=100)
    named = {entry["AliasName"]: entry["KeyId"] for entry in page["Aliases"]["Alias"]}
    assert named[alias] == second
    sdk.call("DeleteAlias", AliasName=alias)
    with pytest.raises(SdkRefused) as caught:
        sdk.call("DescribeKey", KeyId=alias)
    assert (caught.value.status, caught.value.code) == (404, "Forbidden.AliasNotFound")


def test_what_is_encrypted_comes_back_under_its_context_alone(sdk: Sdk, alias: str) -> None:
    key_id = sdk.call("CreateKey")["KeyMetadata"]["KeyId"]
    sdk.call("CreateAlias", KeyId=key_id, AliasName=alias)
    sealed = sdk.call("Encrypt", KeyId=alias, Plaintext=PLAINTEXT, EncryptionContext=CONTEXT)
    assert sealed["KeyId"] == key_id
    blob = sealed["CiphertextBlob"]
    opened = sdk.call("Decrypt", CiphertextBlob=blob, EncryptionContext=CONTEXT)
    assert opened["Plaintext"] == PLAINTEXT
    assert (opened["KeyId"], opened["KeyVersionId"]) == (key_id, sealed["KeyVersionId"])
    with pytest.raises(SdkRefused) as caught:
        sdk.call("Decrypt", CiphertextBlob=blob, EncryptionContext={"tenant": "another"})
    assert (caught.value.status, caught.value.code) == (400, "InvalidParameter")


def test_data_keys_open_again(sdk: Sdk) -> None:
    key_id = sdk.call("CreateKey")["KeyMetadata"]["KeyId"]
    made = sdk.call("GenerateDataKey", KeyId=key_id, KeySpec="AES_128")
    assert len(base64.b64decode(made["Plaintext"])) == 16
    opened = sdk.call("Decrypt", CiphertextBlob=made["CiphertextBlob"])
    assert opened["Plaintext"] == made["Plaintext"]
    sealed = sdk.call("GenerateDataKeyWithoutPlaintext", KeyId=key_id, NumberOfBytes=64)
    assert "Plaintext" not in sealed
    opened = sdk.call("Decrypt", CiphertextBlob=sealed["CiphertextBlob"])
    assert len(base64.b64decode(opened["Plaintext"])) == 64


def test_the_largest_requests_arrive(sdk: Sdk) -> None:
    """6 KiB of plaintext and 8192 characters of context, three bytes and nine on the wire each."""
    key_id = sdk.call("CreateKey")["KeyMetadata"]["KeyId"]
    plaintext = base64.b64encode(bytes(range(256)) * 24).decode()
    context = {"名": "界" * 8180}
    sealed = sdk.call("Encrypt", KeyId=key_id, Plaintext=plaintext, EncryptionContext=context)
    blob = sealed["CiphertextBlob"]
    opened = sdk.call("Decrypt", CiphertextBlob=blob, EncryptionContext=context)
    assert opened["Plaintext"] == plaintext


@pytest.mark.parametrize("name", SDKS)
def test_another_secret_is_refused_in_a_way_that_every_sdk_understands(
    kms: RunningKms, name: str
) -> None:
    sdk = SDKS[name](kms, AccessKey(kms.access_key.id, "another secret"))
    with pytest.raises(SdkRefused) as caught:
        sdk.call("ListKeys")
    assert caught.value.status == 400
    # The legacy SDK compares the strings that were signed and then says it in its own words.
    assert caught.value.code in ("SignatureDoesNotMatch", "InvalidAccessKeySecret")


@pytest.mark.parametrize("name", SDKS)
def test_an_unknown_access_key_is_refused(kms: RunningKms, name: str) -> None:
    sdk = SDKS[name](kms, AccessKey("LTAInobody", "a secret"))
    with pytest.raises(SdkRefused) as caught:
        sdk.call("ListKeys")
    assert (caught.value.status, caught.value.code) == (404, "InvalidAccessKeyId.NotFound")


def test_the_regions_are_told(sdk: Sdk, kms: RunningKms) -> None:
    told = sdk.call("DescribeRegions")["Regions"]["Region"]
    assert kms.region in [region["RegionId"] for region in told]
