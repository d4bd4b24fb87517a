# SPDX-License-Identifier: Apache-2.0
"""MACs, as callers make and check them."""

import pytest

from tests.fixtures.kms import RunningKms
from tests.kms.api.pairs import b64, flipped, make_cmk
from tests.kms.refusals import last_record, refusal, told

SPECS = ["HMAC_SM3", "HMAC_SHA_224", "HMAC_SHA_256", "HMAC_SHA_384", "HMAC_SHA_512"]
MESSAGE = b64(b"a message")


def verifies(kms: RunningKms, **asked: str) -> bool:
    answer: bool = kms.call("VerifyMac", **asked)["Value"]
    assert answer in (True, False)
    return answer


@pytest.mark.parametrize("spec", SPECS)
def test_a_mac_verifies_and_no_other_does(kms: RunningKms, spec: str) -> None:
    key_id = make_cmk(kms, KeySpec=spec)["KeyId"]
    asked = {"KeyId": key_id, "Algorithm": spec}
    made = kms.call("GenerateMac", **asked, Message=MESSAGE)
    assert (made["KeyId"], made["Algorithm"]) == (key_id, spec)
    mac = made["Mac"]
    assert verifies(kms, **asked, Message=MESSAGE, Mac=mac)
    assert not verifies(kms, **asked, Message=b64(b"another"), Mac=mac)
    for forged in (flipped(mac), b64(b"short"), b64(bytes(64))):
        assert not verifies(kms, **asked, Message=MESSAGE, Mac=forged)
    other = make_cmk(kms, KeySpec=spec)["KeyId"]
    assert not verifies(kms, KeyId=other, Algorithm=spec, Message=MESSAGE, Mac=mac)


def test_each_key_has_its_algorithm_and_no_other_use(kms: RunningKms) -> None:
    key_id = make_cmk(kms, KeySpec="HMAC_SHA_256")["KeyId"]
    wrong = refusal(kms, "GenerateMac", KeyId=key_id, Algorithm="HMAC_SHA_512", Message=MESSAGE)
    assert told(wrong) == (400, "InvalidParameter")
    unknown = refusal(kms, "GenerateMac", KeyId=key_id, Algorithm="HMAC_MD5", Message=MESSAGE)
    assert told(unknown) == (400, "InvalidParameter")
    assert told(refusal(kms, "Encrypt", KeyId=key_id, Plaintext=MESSAGE))[1] == (
        "UnsupportedOperation"
    )
    aes = kms.make_key()
    refused = refusal(kms, "GenerateMac", KeyId=aes, Algorithm="HMAC_SHA_256", Message=MESSAGE)
    assert told(refused) == (400, "UnsupportedOperation")


def test_a_message_has_an_end_and_a_disabled_key_makes_nothing(kms: RunningKms) -> None:
    key_id = make_cmk(kms, KeySpec="HMAC_SHA_256")["KeyId"]
    asked = {"KeyId": key_id, "Algorithm": "HMAC_SHA_256"}
    kms.call("GenerateMac", **asked, Message=b64(bytes(4096)))
    too_long = refusal(kms, "GenerateMac", **asked, Message=b64(bytes(4097)))
    assert told(too_long) == (400, "InvalidParameter")
    kms.call("DisableKey", KeyId=key_id)
    assert told(refusal(kms, "GenerateMac", **asked, Message=MESSAGE)) == (409, "Rejected.Disabled")


def test_neither_message_nor_mac_stands_in_the_trail(kms: RunningKms) -> None:
    key_id = make_cmk(kms, KeySpec="HMAC_SHA_256")["KeyId"]
    asked = {"KeyId": key_id, "Algorithm": "HMAC_SHA_256"}
    mac = kms.call("GenerateMac", **asked, Message=MESSAGE)["Mac"]
    assert last_record(kms)["requestParameters"] == asked
    kms.call("VerifyMac", **asked, Message=MESSAGE, Mac=mac)
    record = last_record(kms)
    assert record["requestParameters"] == asked
    assert mac not in str(record)
