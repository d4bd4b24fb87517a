# SPDX-License-Identifier: Apache-2.0
"""The record of a call: ActionTrail's shape, one spelling, nothing secret."""

import json

from hypothesis import given
from hypothesis import strategies as st

from sidecar.kms.accounts import Account
from sidecar.kms.audit import Event
from sidecar.kms.faults import Fault
from sidecar.kms.ram.caller import Caller
from sidecar.signing import AccessKey

ACCESS_KEY = AccessKey("LTAI5tDemo", "canary-secret")
CALLER = Caller(
    Account("1000000000000001", ()), "user", "200000000000000001", "sidecar", ACCESS_KEY, ()
)


def event(action: str = "Decrypt", user_agent: str = "AlibabaCloud (Linux) Python/3.13.0") -> Event:
    return Event(
        request_id="09712B88-6DAB-4DA1-841D-BEF055AC3436",
        action=action,
        now=1767225600,
        region="cn-hangzhou",
        source="127.0.0.1:28900",
        source_ip="127.0.0.1",
        user_agent=user_agent,
    )


def test_an_answered_call_is_told_as_action_trail_tells_it() -> None:
    one = event()
    one.caller = one.claimed = CALLER
    one.parameters = {"EncryptionContext": '{"tenant":"a b"}'}
    one.key_id = "k1"
    one.outcome = {"KeyId": "k1", "KeyVersionId": "v1"}
    assert json.loads(one.record()) == {
        "eventId": "09712B88-6DAB-4DA1-841D-BEF055AC3436",
        "eventVersion": 1,
        "eventCategory": "Management",
        "eventType": "ApiCall",
        "eventName": "Decrypt",
        "eventRW": "Read",
        "eventTime": "2026-01-01T00:00:00Z",
        "eventSource": "127.0.0.1:28900",
        "serviceName": "Kms",
        "apiVersion": "2016-01-20",
        "acsRegion": "cn-hangzhou",
        "isGlobal": False,
        "requestId": "09712B88-6DAB-4DA1-841D-BEF055AC3436",
        "sourceIpAddress": "127.0.0.1",
        "userAgent": "AlibabaCloud (Linux) Python/3.13.0",
        "userIdentity": {
            "type": "ram-user",
            "accountId": "1000000000000001",
            "principalId": "200000000000000001",
            "userName": "sidecar",
            "accessKeyId": "LTAI5tDemo",
        },
        "requestParameters": {"EncryptionContext": '{"tenant":"a b"}'},
        "responseElements": {"KeyId": "k1", "KeyVersionId": "v1"},
        "referencedResources": {"ACS::KMS::Key": ["k1"]},
        "recipientAccountId": "1000000000000001",
    }


def test_a_refusal_carries_the_code_and_message_that_the_caller_was_told() -> None:
    one = event()
    one.caller, one.is_write, one.fault = CALLER, True, Fault.key_not_found()
    record = json.loads(one.record())
    assert record["errorCode"] == "Forbidden.KeyNotFound"
    assert record["errorMessage"] == "The specified Key is not found."
    assert record["eventRW"] == "Write"


def test_an_unproven_claim_is_not_told_as_an_identity() -> None:
    one = event()
    one.claimed = CALLER
    record = json.loads(one.record())
    assert record["userIdentity"] == {
        "type": "unauthenticated",
        "claimedAccessKeyId": "LTAI5tDemo",
    }
    assert "recipientAccountId" not in record


def test_the_secret_of_the_caller_is_in_no_record_and_no_repr() -> None:
    one = event()
    one.caller = one.claimed = CALLER
    assert "canary-secret" not in one.record() + repr(one)


@given(st.text(), st.text(max_size=2000))
def test_texts_that_anybody_may_send_stay_bounded_and_on_one_line(name: str, agent: str) -> None:
    record = event(name, agent).record()
    assert record.isascii()
    assert record.isprintable()
    assert len(json.loads(record)["eventName"]) <= 64
    assert len(json.loads(record)["userAgent"]) <= 256


def test_a_name_that_is_no_action_name_is_not_repeated() -> None:
    assert json.loads(event("4111 1111 1111 1111").record())["eventName"] == "Unknown"
