# SPDX-License-Identifier: Apache-2.0
"""What goes wrong with a call, how it is told, and that its record stays when nothing else does."""

import base64
import json
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from sidecar.hsm import HsmThread
from sidecar.kms.audit import verify
from sidecar.kms.engine import Engine
from sidecar.kms.faults import Fault
from sidecar.kms.ram.directory import Directory
from sidecar.kms.request import Received
from sidecar.kms.store import Database
from tests.fixtures.kms import RunningKms
from tests.kms.refusals import last_record, refusal, told

PLAINTEXT = base64.b64encode(b"a canary").decode()
UNKNOWN = str(uuid.UUID(int=0))
FOREIGN = f"acs:kms:cn-hangzhou:1000000000000009:key/{UNKNOWN}"
OTHER_REGION = f"acs:kms:cn-beijing:1000000000000001:key/{UNKNOWN}"


@pytest.fixture(scope="module")
def cmk(kms: RunningKms) -> str:
    return kms.make_key()


@pytest.mark.parametrize(
    ("action", "parameters", "expected"),
    [
        ("DescribeKey", {"KeyId": UNKNOWN}, (404, "Forbidden.KeyNotFound")),
        ("DescribeKey", {"KeyId": "alias/unknown"}, (404, "Forbidden.AliasNotFound")),
        ("DescribeKey", {"KeyId": FOREIGN}, (403, "Forbidden.NoPermission")),
        ("DescribeKey", {"KeyId": OTHER_REGION}, (404, "Forbidden.KeyNotFound")),
        ("DescribeKey", {"KeyId": "no id"}, (400, "InvalidParameter")),
        ("DescribeKey", {}, (400, "MissingParameter")),
        ("DescribeKey", {"KeyId": ""}, (400, "MissingParameter")),
        ("DescribeKey", {"KeyId": "@cmk", "Unknown": "1"}, (400, "InvalidParameter")),
        ("DisableKey", {"KeyId": "alias/unknown"}, (400, "Unsupported.Alias")),
        ("NoSuchAction", {}, (404, "InvalidAction.NotFound")),
        ("CreateKey", {"KeySpec": "Aliyun_AES_512"}, (400, "InvalidParameter")),
        ("CreateKey", {"EnableAutomaticRotation": "yes"}, (400, "InvalidParameter")),
        ("CreateAlias", {"KeyId": "@cmk", "AliasName": "alias/acs/x"}, (400, "InvalidParameter")),
        ("CreateAlias", {"KeyId": "@cmk", "AliasName": "customers"}, (400, "InvalidParameter")),
        (
            "UpdateAlias",
            {"KeyId": "@cmk", "AliasName": "alias/no"},
            (404, "Forbidden.AliasNotFound"),
        ),
        ("DeleteAlias", {"AliasName": "alias/no"}, (404, "Forbidden.AliasNotFound")),
        ("ListKeys", {"PageSize": "101"}, (400, "InvalidParameter")),
        ("ListKeys", {"PageNumber": "one"}, (400, "InvalidParameter")),
        ("ListKeys", {"PageNumber": "٣"}, (400, "InvalidParameter")),
        ("ListKeys", {"Filters": "{"}, (400, "InvalidParameter")),
        ("ListKeys", {"Filters": "[" * 50_000}, (400, "InvalidParameter")),
        ("ListKeys", {"Filters": '[{"Key":"Shoe","Values":[]}]'}, (400, "InvalidParameter")),
        ("ListKeys", {"Filters": '[{"Key":["KeySpec"],"Values":[]}]'}, (400, "InvalidParameter")),
        *(
            (
                "ListKeys",
                {"Filters": f'[{{"Key":"KeySpec","Values":[{value}]}}]'},
                (400, "InvalidParameter"),
            )
            for value in ("1", "null", r'"\ud800"', r'"\u0000"')
        ),
        ("ListKeys", {"Filters": '[{"Key":"KeySpec","Values":"a"}]'}, (400, "InvalidParameter")),
        ("Encrypt", {"KeyId": "@cmk"}, (400, "MissingParameter")),
        ("Encrypt", {"KeyId": "@cmk", "Plaintext": "no base64"}, (400, "InvalidParameter")),
        ("Encrypt", {"KeyId": "@cmk", "Plaintext": "aGk"}, (400, "InvalidParameter")),
        ("Encrypt", {"KeyId": "@cmk", "Plaintext": "aGl="}, (400, "InvalidParameter")),
        ("GenerateDataKey", {"KeyId": "@cmk", "NumberOfBytes": "0"}, (400, "InvalidParameter")),
        ("GenerateDataKey", {"KeyId": "@cmk", "NumberOfBytes": "1025"}, (400, "InvalidParameter")),
        ("GenerateDataKey", {"KeyId": "@cmk", "KeySpec": "AES_512"}, (400, "InvalidParameter")),
        ("Decrypt", {"CiphertextBlob": "aGk="}, (400, "InvalidParameter")),
        ("Decrypt", {"CiphertextBlob": "@unknown-version"}, (400, "InvalidParameter")),
        *(
            (
                "GenerateDataKey",
                {"KeyId": "@cmk", "EncryptionContext": text},
                (400, "InvalidParameter"),
            )
            for text in ("{", "[]", '{"a":1}', '{"a":"b","a":"c"}', '{"a":"\\ud800"}', "{" * 9000)
        ),
    ],
)
def test_a_wrong_call_is_refused_by_name_and_recorded(
    kms: RunningKms, cmk: str, action: str, parameters: dict[str, str], expected: tuple[int, str]
) -> None:
    unknown = base64.b64encode(UNKNOWN.encode() + bytes(60)).decode()
    filled = {
        name: text.replace("@cmk", cmk).replace("@unknown-version", unknown)
        for name, text in parameters.items()
    }
    answer = refusal(kms, action, **filled)
    assert told(answer) == expected
    record = last_record(kms)
    assert record["requestId"] == answer["RequestId"]
    assert record["errorCode"] == answer["Code"]
    assert record["eventName"] == action
    assert record["userIdentity"]["accessKeyId"] == kms.access_key.id


def test_a_plaintext_has_at_most_6_kib(kms: RunningKms, cmk: str) -> None:
    def sized(count: int) -> str:
        return base64.b64encode(bytes(count)).decode()

    kms.call("Encrypt", KeyId=cmk, Plaintext=sized(6144))
    answer = refusal(kms, "Encrypt", KeyId=cmk, Plaintext=sized(6145))
    assert told(answer) == (400, "InvalidParameter")


def test_a_blob_opens_only_as_it_was_made(kms: RunningKms, cmk: str) -> None:
    context = '{"tenant": "a"}'
    made = kms.call("Encrypt", KeyId=cmk, Plaintext=PLAINTEXT, EncryptionContext=context)
    blob = base64.b64decode(made["CiphertextBlob"])
    reordered = '{ "tenant" :"\\u0061"}'  # a context is compared as a map
    opened = kms.call("Decrypt", CiphertextBlob=made["CiphertextBlob"], EncryptionContext=reordered)
    assert opened["Plaintext"] == PLAINTEXT
    for spoilt in (
        blob[:40] + bytes([blob[40] ^ 1]) + blob[41:],
        blob[:-1] + bytes([blob[-1] ^ 1]),
        blob[:-1],
        blob + b"\0",
    ):
        text = base64.b64encode(spoilt).decode()
        answer = refusal(kms, "Decrypt", CiphertextBlob=text, EncryptionContext=context)
        assert told(answer) == (400, "InvalidParameter")
    answer = refusal(kms, "Decrypt", CiphertextBlob=made["CiphertextBlob"])
    assert told(answer) == (400, "InvalidParameter")


def test_a_blob_does_not_open_under_another_key(kms: RunningKms, cmk: str) -> None:
    other = kms.call("DescribeKey", KeyId=kms.make_key())["KeyMetadata"]["PrimaryKeyVersion"]
    blob = base64.b64decode(kms.call("Encrypt", KeyId=cmk, Plaintext=PLAINTEXT)["CiphertextBlob"])
    transplanted = base64.b64encode(other.encode() + blob[36:]).decode()
    answer = refusal(kms, "Decrypt", CiphertextBlob=transplanted)
    assert told(answer) == (400, "InvalidParameter")


def test_a_disabled_key_does_nothing_until_it_is_enabled(kms: RunningKms) -> None:
    cmk = kms.make_key()
    made = kms.call("GenerateDataKey", KeyId=cmk)
    kms.call("DisableKey", KeyId=cmk)
    for action, parameters in (
        ("Encrypt", {"KeyId": cmk, "Plaintext": PLAINTEXT}),
        ("GenerateDataKey", {"KeyId": cmk}),
        ("GenerateDataKeyWithoutPlaintext", {"KeyId": cmk}),
        ("Decrypt", {"CiphertextBlob": made["CiphertextBlob"]}),
    ):
        assert told(refusal(kms, action, **parameters)) == (409, "Rejected.Disabled")
    kms.call("EnableKey", KeyId=cmk)
    opened = kms.call("Decrypt", CiphertextBlob=made["CiphertextBlob"])
    assert opened["Plaintext"] == made["Plaintext"]


def test_a_dry_run_does_nothing(kms: RunningKms, cmk: str) -> None:
    answer = refusal(kms, "GenerateDataKey", KeyId=cmk, DryRun="True")
    assert told(answer) == (400, "DryRunOperationError")
    answer = refusal(kms, "GenerateDataKey", KeyId=UNKNOWN, DryRun="True")
    assert told(answer) == (404, "ValidationError")
    answer = refusal(kms, "GenerateDataKey", KeyId=FOREIGN, DryRun="True")
    assert told(answer) == (403, "AccessDeniedError")


def test_an_alias_is_given_once(kms: RunningKms, cmk: str) -> None:
    name = f"alias/{uuid.uuid4()}"
    kms.call("CreateAlias", KeyId=cmk, AliasName=name)
    answer = refusal(kms, "CreateAlias", KeyId=cmk, AliasName=name)
    assert told(answer) == (400, "AliasAlreadyExists")


def test_a_call_that_was_carried_out_is_recorded_with_its_ids_and_no_secret(
    kms: RunningKms, cmk: str
) -> None:
    made = kms.call("GenerateDataKey", KeyId=cmk, EncryptionContext='{"a":"b"}')
    record = last_record(kms)
    assert record["eventName"] == "GenerateDataKey"
    assert record["requestParameters"] == {"KeyId": cmk, "EncryptionContext": '{"a":"b"}'}
    assert record["responseElements"] == {
        "KeyId": cmk,
        "KeyVersionId": made["KeyVersionId"],
    }
    assert record["referencedResources"] == {"ACS::KMS::Key": [cmk]}
    assert "errorCode" not in record
    assert made["Plaintext"] not in json.dumps(record)


def test_quotas_and_policies_of_the_configuration_hold(
    make_kms: Callable[[], RunningKms],
) -> None:
    kms = make_kms()
    configuration = kms.directory / "kms.yaml"
    configuration.write_text(configuration.read_text() + "quotas: {keys: 2, aliases: 1}\n")
    kms.start()
    first, _ = kms.make_key("alias/one"), kms.make_key()
    assert told(refusal(kms, "CreateKey")) == (400, "Rejected.LimitExceeded")
    answer = refusal(kms, "CreateAlias", KeyId=first, AliasName="alias/two")
    assert told(answer) == (400, "Rejected.LimitExceeded")
    kms.stop()
    narrowed = configuration.read_text().replace("KMSFullAccess", "KMSCryptoUserAccess")
    configuration.write_text(narrowed)
    kms.start()
    kms.call("GenerateDataKey", KeyId="alias/one")
    answer = refusal(kms, "DisableKey", KeyId=first)
    assert told(answer) == (403, "Forbidden.NoPermission")
    assert answer["AccessDeniedDetail"]["AuthAction"] == "kms:DisableKey"
    assert answer["AccessDeniedDetail"]["NoPermissionType"] == "ImplicitDeny"
    # Whether a key is there is not told to those who may not ask about it.
    assert told(refusal(kms, "DescribeKey", KeyId=UNKNOWN)) == (403, "Forbidden.NoPermission")
    kms.stop()
    database = Database.sqlite(kms.directory / "kms.db")
    with database.snapshot() as connection:
        assert verify(connection).sequence > 5
    database.close()


async def test_an_error_of_our_own_is_logged_by_its_place_and_never_by_its_text(
    hsm: HsmThread, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def broken_clock() -> float:
        raise ValueError(PLAINTEXT)

    database = Database.sqlite(tmp_path / "kms.db")
    database.migrate()
    engine = Engine(["r"], Directory([]), hsm, database, broken_clock)
    received = Received("r-1", "POST", b"/", (), b"", "kms", "127.0.0.1", is_secure=False)
    with pytest.raises(Fault) as caught:
        await engine.call(received)
    assert (caught.value.http_status, caught.value.fault_code) == (500, "InternalFailure")
    assert "call r-1 failed: ValueError" in caplog.text
    assert "broken_clock" in caplog.text
    assert PLAINTEXT not in caplog.text
    database.close()
