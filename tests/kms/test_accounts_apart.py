# SPDX-License-Identifier: Apache-2.0
"""Two accounts in one core: neither sees, changes, names or slows what is the other's."""

import json
import secrets
from collections.abc import Iterator

import pytest

from sidecar.cli.kms_client import KmsClient, Refusal
from sidecar.signing import AccessKey
from tests.fixtures.kms import RunningKms
from tests.kms.raw import ask, signed, wire
from tests.kms.refusals import told
from tests.kms.requested import USES, make_active
from tests.kms.sdks import LegacySdk, NewSdk, SdkRefused

pytestmark = [
    pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning"),
]

OTHER = "1000000000000002"
ACCOUNT = f"""\
  - id: "{OTHER}"
    users:
      - name: admin
        id: "200000000000000009"
        policies: [AliyunKMSFullAccess]
        access_keys: [{{id: LTAIother, secret_file: other.secret}}]
  - id: "1000000000000003"
    rates: {{write: 2}}
    users:
      - name: admin
        id: "200000000000000010"
        policies: [AliyunKMSFullAccess]
        access_keys: [{{id: LTAIslow, secret_file: other.secret}}]
"""


class World:
    def __init__(self, kms: RunningKms, other: AccessKey) -> None:
        self.kms = kms
        self.other = other

    def call_as_other(self, action: str, **parameters: str) -> dict[str, object]:
        return KmsClient(self.kms.endpoint, self.other).call(action, parameters)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    kms = RunningKms(tmp_path_factory.mktemp("accounts") / "kms")
    other = AccessKey("LTAIother", secrets.token_hex(16))
    secret = kms.directory / "other.secret"
    secret.write_text(other.secret + "\n")
    secret.chmod(0o600)
    configuration = kms.directory / "kms.yaml"
    configuration.write_text(configuration.read_text() + ACCOUNT)
    kms.start()
    yield World(kms, other)
    kms.close()


@pytest.mark.parametrize("name", ["KeyId", "Arn"])
@pytest.mark.parametrize(
    ("action", "more"),
    [
        ("DescribeKey", {}),
        ("UpdateKeyDescription", {"Description": "mine now"}),
        ("ScheduleKeyDeletion", {"PendingWindowInDays": "7"}),
        ("CancelKeyDeletion", {}),
        ("SetDeletionProtection", {"EnableDeletionProtection": "true"}),
        ("GetKeyPolicy", {}),
        ("UpdateRotationPolicy", {"EnableAutomaticRotation": "false"}),
        ("ListKeyVersions", {}),
        ("ListAliasesByKeyId", {}),
        ("ListResourceTags", {}),
        ("TagResource", {"Tags": '[{"TagKey":"a","TagValue":"b"}]'}),
        ("UntagResource", {"TagKeys": "a"}),
    ],
)
def test_a_key_of_another_account_is_not_there(
    world: World, action: str, more: dict[str, str], name: str
) -> None:
    metadata = world.kms.call("CreateKey")["KeyMetadata"]
    before = world.kms.call("DescribeKey", KeyId=metadata["KeyId"])["KeyMetadata"]
    with pytest.raises(Refusal) as caught:
        world.call_as_other(action, KeyId=metadata[name], **more)
    expected = {"KeyId": (404, "Forbidden.KeyNotFound"), "Arn": (403, "Forbidden.NoPermission")}
    assert told(caught.value.answer) == expected[name]
    assert world.kms.call("DescribeKey", KeyId=metadata["KeyId"])["KeyMetadata"] == before


def test_a_certificate_of_another_account_is_not_there(world: World) -> None:
    one = make_active(world.kms).id
    before = world.kms.call("DescribeCertificate", CertificateId=one)
    for action, more in (
        *USES.items(),
        ("GetCertificate", {}),
        ("DescribeCertificate", {}),
        ("UpdateCertificateStatus", {"Status": "REVOKED"}),
        ("TagResource", {"Tags": '[{"TagKey":"a","TagValue":"b"}]'}),
        ("DeleteCertificate", {}),
    ):
        with pytest.raises(Refusal) as caught:
            world.call_as_other(action, CertificateId=one, **more)
        assert told(caught.value.answer) == (404, "Certificate.NotFound")
    after = world.kms.call("DescribeCertificate", CertificateId=one)
    assert after == {**before, "RequestId": after["RequestId"]}


def test_a_policy_opens_a_key_to_be_used_by_others_and_not_to_be_changed(world: World) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"RAM": [f"acs:ram::{OTHER}:*"]},
        "Action": ["kms:*"],
        "Resource": ["*"],
    }
    policy = json.dumps({"Version": "1", "Statement": [statement]})
    made = world.kms.call("CreateKey", KeySpec="EC_P256", Policy=policy)["KeyMetadata"]
    assert world.call_as_other("ListKeyVersions", KeyId=made["Arn"])["TotalCount"] == 1
    for action, more in (
        ("CreateKeyVersion", {}),
        ("ScheduleKeyDeletion", {"PendingWindowInDays": "7"}),
        ("SetKeyPolicy", {"Policy": policy}),
        ("TagResource", {"Tags": '[{"TagKey":"a","TagValue":"b"}]'}),
    ):
        with pytest.raises(Refusal) as caught:
            world.call_as_other(action, KeyId=made["Arn"], **more)
        assert told(caught.value.answer) == (403, "Forbidden.NoPermission")


def test_lists_hold_what_is_ones_own(world: World) -> None:
    tags = '[{"TagKey":"team","TagValue":"ours"}]'
    key_id = world.kms.call("CreateKey", Tags=tags)["KeyMetadata"]["KeyId"]
    for action, parameters in (
        ("ListKeys", {}),
        ("ListKeys", {"Filters": '[{"Key":"TagKey","Values":["team"]}]'}),
        ("ListTagResources", {"ResourceType": "key"}),
        ("ListAliases", {}),
    ):
        assert key_id not in json.dumps(world.call_as_other(action, **parameters))


def test_an_account_is_throttled_by_its_own_rate_and_told_when_to_come_again(
    world: World,
) -> None:
    def until_throttled(sdk: NewSdk | LegacySdk) -> SdkRefused:
        while True:
            try:
                sdk.call("OpenKmsService")
            except SdkRefused as refused:
                return refused

    slow = AccessKey("LTAIslow", world.other.secret)
    for sdk in (NewSdk(world.kms, slow), LegacySdk(world.kms, slow)):
        refused = until_throttled(sdk)
        assert (refused.status, refused.code) == (429, "Rejected.Throttling")
    replies = [ask(world.kms, wire(signed("OpenKmsService", key=slow))) for _ in range(9)]
    assert {reply.headers.get("x-acs-retry-after") for reply in replies if reply.status == 429} == {
        "1000"
    }
    for _ in range(5):
        world.kms.call("OpenKmsService")
