# SPDX-License-Identifier: Apache-2.0
"""What is not as it was given does not open; and no number and no text makes the KMS stumble."""

import base64
import json
import unicodedata
import uuid

import pytest

from tests.fixtures.kms import RunningKms
from tests.kms.refusals import refusal, told

INVALID = (400, "InvalidParameter")
NUMBERS = (
    *("-1", "+1", " 1", "1 ", "1.0", "1e1", "0x1", "1_0", "\u0663", "\uff11", "NaN", "1\0", "True"),
    *(str(2**bits + more) for bits in (31, 32, 63, 64) for more in (0, 1)),
    *("9" * 10, "9" * 11, "9" * 30, "9" * 5000),
)


@pytest.fixture(scope="module")
def cmk(kms: RunningKms) -> str:
    return kms.make_key()


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_a_blob_of_every_other_length_is_refused(kms: RunningKms, cmk: str) -> None:
    blob = base64.b64decode(kms.call("GenerateDataKey", KeyId=cmk)["CiphertextBlob"])
    for length in range(1, len(blob)):
        answer = refusal(kms, "Decrypt", CiphertextBlob=encoded(blob[:length]))
        assert told(answer) == INVALID
    for more in (b"\0", bytes(16), blob):
        assert told(refusal(kms, "Decrypt", CiphertextBlob=encoded(blob + more))) == INVALID


def test_a_blob_with_any_byte_changed_is_refused(kms: RunningKms, cmk: str) -> None:
    blob = base64.b64decode(kms.call("GenerateDataKey", KeyId=cmk)["CiphertextBlob"])
    for at in range(len(blob)):
        spoilt = bytearray(blob)
        spoilt[at] ^= 1
        assert told(refusal(kms, "Decrypt", CiphertextBlob=encoded(bytes(spoilt)))) == INVALID


CONTEXTS = (
    "{}",
    '{"":""}',
    '{"a":""}',
    '{"a":"b"}',
    '{"A":"b"}',
    '{"a":"b "}',
    '{"a":"b&c=d"}',
    '{"a":"b","c":"d"}',
    '{"a":"b%26c%3Dd"}',
    json.dumps({"a": unicodedata.normalize("NFC", "e\u0301")}),
    json.dumps({"a": unicodedata.normalize("NFD", "\u00e9")}),
    json.dumps({"a": "\u202eb"}),
    json.dumps({"a": "\u200bb"}),
    json.dumps({"a": "\ufeffb"}),
    r'{"a":"\u0000"}',
    r'{"a\u0000":""}',
    json.dumps({"a": "\U0001f511"}),
)


def test_every_context_is_another_however_alike_they_look(kms: RunningKms, cmk: str) -> None:
    for context in CONTEXTS:
        made = kms.call("GenerateDataKey", KeyId=cmk, EncryptionContext=context)
        blob = made["CiphertextBlob"]
        opened = kms.call("Decrypt", CiphertextBlob=blob, EncryptionContext=context)
        assert opened["Plaintext"] == made["Plaintext"]
        for other in set(CONTEXTS) - {context}:
            answer = refusal(kms, "Decrypt", CiphertextBlob=blob, EncryptionContext=other)
            assert told(answer) == INVALID


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a":"1","b":"2"}', '{ "b" : "2",\n"a":"1"}'),
        ('{"a":"\U0001f511"}', r'{"a":"\ud83d\udd11"}'),
        ('{"a":"/"}', r'{"\u0061":"\/"}'),
    ],
)
def test_one_context_in_two_spellings_is_one(
    kms: RunningKms, cmk: str, one: str, other: str
) -> None:
    made = kms.call("GenerateDataKey", KeyId=cmk, EncryptionContext=one)
    blob = made["CiphertextBlob"]
    opened = kms.call("Decrypt", CiphertextBlob=blob, EncryptionContext=other)
    assert opened["Plaintext"] == made["Plaintext"]


@pytest.mark.parametrize(
    "text",
    [
        '{"a":"b","a":"b"}',
        r'{"a":"b","\u0061":"c"}',
        '{"a":null}',
        '{"a":{"b":"c"}}',
        '{"a":["b"]}',
        '{"a":true}',
        '["a","b"]',
        '"a"',
        "null",
        '{"a":"b"} {}',
        r'{"\udfff":"b"}',
        '{"a":"' + "b" * 8192 + '"}',
    ],
)
def test_what_is_no_map_of_texts_is_refused(kms: RunningKms, cmk: str, text: str) -> None:
    answer = refusal(kms, "GenerateDataKey", KeyId=cmk, EncryptionContext=text)
    assert told(answer) == INVALID


@pytest.mark.parametrize(
    ("action", "name", "more"),
    [
        ("ListKeys", "PageNumber", {}),
        ("ListKeys", "PageSize", {}),
        ("ListAliases", "PageNumber", {}),
        ("ListAliases", "PageSize", {}),
        ("ListKeyVersions", "PageNumber", {"KeyId": "@cmk"}),
        ("ListKeyVersions", "PageSize", {"KeyId": "@cmk"}),
        ("ListAliasesByKeyId", "PageSize", {"KeyId": "@cmk"}),
        ("GenerateDataKey", "NumberOfBytes", {"KeyId": "@cmk"}),
        ("ScheduleKeyDeletion", "PendingWindowInDays", {"KeyId": "@cmk"}),
    ],
)
def test_no_number_makes_it_stumble(
    kms: RunningKms, cmk: str, action: str, name: str, more: dict[str, str]
) -> None:
    filled = {key: text.replace("@cmk", cmk) for key, text in more.items()}
    for number in NUMBERS:
        assert told(refusal(kms, action, **filled, **{name: number})) == INVALID


def test_the_last_page_that_can_be_asked_for_is_empty(kms: RunningKms) -> None:
    page = kms.call("ListKeys", PageNumber=str(2**31 - 1), PageSize="100")
    assert page["Keys"]["Key"] == []


@pytest.mark.parametrize(
    "interval",
    [
        *("7", "7 d", "7D", "d", "6d", "731d", "604799s", "63072001s", "-7d", "7.0d", "\u0667d"),
        *("99999999d", "999999999d", "9" * 400 + "s", "7dd", "1w"),
    ],
)
def test_no_interval_makes_it_stumble(kms: RunningKms, cmk: str, interval: str) -> None:
    asked = {"EnableAutomaticRotation": "true", "RotationInterval": interval}
    assert told(refusal(kms, "UpdateRotationPolicy", KeyId=cmk, **asked)) == INVALID


def test_no_end_of_material_makes_it_stumble(kms: RunningKms, cmk: str) -> None:
    token = encoded(str(uuid.uuid4()).encode())
    asked = {"KeyId": cmk, "EncryptedKeyMaterial": "eA==", "ImportToken": token}
    for ends in NUMBERS:
        answer = refusal(kms, "ImportKeyMaterial", **asked, KeyMaterialExpireUnix=ends)
        could_be = ends.isascii() and ends.isdigit() and len(ends) <= 10
        assert told(answer) == ((400, "Unsupported.Origin") if could_be else INVALID)
