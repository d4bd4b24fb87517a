# SPDX-License-Identifier: Apache-2.0
"""One core, several regions: each call has one, and what is in one is not in another."""

import json
import uuid
from collections.abc import Callable, Iterator

import pytest

from sidecar.kms.faults import Fault
from sidecar.kms.regions import Regions
from sidecar.signing import AccessKey, Request, Signed
from sidecar.signing.signed import Scope
from tests.fixtures.kms import RunningKms
from tests.kms.raw import ask, signed, wire
from tests.kms.refusals import last_record
from tests.kms.sdks import LegacySdk, NewSdk, SdkRefused

pytestmark = [
    pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning"),
]

REGIONS = Regions(["cn-hangzhou", "cn-beijing"])


@pytest.fixture(scope="module")
def kms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKms]:
    running = RunningKms(tmp_path_factory.mktemp("regions") / "kms")
    configuration = running.directory / "kms.yaml"
    text = configuration.read_text()
    configuration.write_text(
        text.replace("region: cn-hangzhou", "regions: [cn-hangzhou, cn-beijing]")
    )
    running.start()
    yield running
    running.close()


def by(scope: Scope | None = None) -> Signed:
    return Signed("LTAI", "ListKeys", "2016-01-20", {}, 0, "n", scope=scope)


@pytest.mark.parametrize(
    ("host", "query", "scope", "expected"),
    [
        (b"kms.cn-beijing.aliyuncs.com", (), None, "cn-beijing"),
        (b"kms-vpc.cn-beijing.aliyuncs.com:443", (), None, "cn-beijing"),
        (b"KMS.CN-BEIJING.aliyuncs.com", (), None, "cn-beijing"),
        (b"127.0.0.1:28900", (), None, "cn-hangzhou"),
        (b"xcn-beijing.internal", (), None, "cn-hangzhou"),
        (b"kms.cn-beijing.internal", (("RegionId", "cn-hangzhou"),), None, "cn-hangzhou"),
        (b"kms", (("RegionId", "cn-beijing"),), None, "cn-beijing"),
        (b"kms", (("RegionId", ""),), None, "cn-hangzhou"),
        (b"kms", (("RegionId", "cn-hangzhou"),), Scope("cn-beijing", "kms"), "cn-beijing"),
    ],
)
def test_a_call_has_one_region(
    host: bytes, query: tuple[tuple[str, str], ...], scope: Scope | None, expected: str
) -> None:
    request = Request("POST", query=query, headers=((b"host", host),))
    assert REGIONS.choose(request, by(scope)) == expected


@pytest.mark.parametrize(
    ("query", "scope", "code"),
    [
        ((("RegionId", "cn-shanghai"),), None, "InvalidParameter"),
        ((), Scope("cn-shanghai", "kms"), "IncompleteSignature"),
    ],
)
def test_a_region_that_is_not_served_is_refused(
    query: tuple[tuple[str, str], ...], scope: Scope | None, code: str
) -> None:
    request = Request("POST", query=query, headers=((b"host", b"kms"),))
    with pytest.raises(Fault) as caught:
        REGIONS.choose(request, by(scope))
    assert caught.value.fault_code == code


def in_region(kms: RunningKms, region: str, kind: type[LegacySdk | NewSdk], **options: str):
    """An SDK whose client is made for `region`."""
    here = kms.region
    kms.region = region
    try:
        return kind(kms, kms.access_key, **options)
    finally:
        kms.region = here


def test_what_is_in_one_region_is_not_in_another(kms: RunningKms) -> None:
    near = in_region(kms, "cn-hangzhou", LegacySdk)
    far = in_region(kms, "cn-beijing", NewSdk, signature_version="v4")
    made = far.call("CreateKey")["KeyMetadata"]
    assert ":cn-beijing:" in made["Arn"]
    assert last_record(kms)["acsRegion"] == "cn-beijing"
    alias = f"alias/{uuid.uuid4()}"
    far.call("CreateAlias", KeyId=made["KeyId"], AliasName=alias)
    sealed = far.call("GenerateDataKey", KeyId=alias)
    for action, parameters in (
        ("DescribeKey", {"KeyId": made["KeyId"]}),
        ("DescribeKey", {"KeyId": alias}),
        ("DescribeKey", {"KeyId": made["Arn"]}),
        ("Decrypt", {"CiphertextBlob": sealed["CiphertextBlob"]}),
        ("DisableKey", {"KeyId": made["KeyId"]}),
    ):
        with pytest.raises(SdkRefused):
            near.call(action, **parameters)
    assert made["KeyId"] not in json.dumps(near.call("ListKeys", PageSize=100))
    near.call("CreateAlias", KeyId=near.call("CreateKey")["KeyMetadata"]["KeyId"], AliasName=alias)
    assert far.call("DescribeKey", KeyId=alias)["KeyMetadata"]["KeyId"] == made["KeyId"]


def test_the_regions_are_told_to_every_caller(kms: RunningKms) -> None:
    told = kms.call("DescribeRegions")["Regions"]["Region"]
    assert told == [{"RegionId": "cn-hangzhou"}, {"RegionId": "cn-beijing"}]
    sidecar = json.loads((kms.directory / "sidecar.json").read_text())
    key = AccessKey(sidecar["access_key_id"], sidecar["access_key_secret"])
    assert ask(kms, wire(signed("DescribeRegions", key=key))).status == 200
    assert ask(kms, wire(signed("OpenKmsService", key=key))).status == 403


def test_every_region_has_quotas_of_its_own(make_kms: Callable[[], RunningKms]) -> None:
    kms = make_kms()
    configuration = kms.directory / "kms.yaml"
    text = configuration.read_text().replace("region: cn-hangzhou", "regions: [cn-a, cn-b]")
    configuration.write_text(text + "quotas: {keys: 1}\n")
    kms.start()
    for region in ("cn-a", "cn-b"):
        kms.call("CreateKey", RegionId=region)
    assert kms.call("ListKeys", RegionId="cn-b")["TotalCount"] == 1
