# SPDX-License-Identifier: Apache-2.0
"""An account asks who did what, by the vendor's SDK; nobody hears of another account's."""

import base64
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from sidecar.kms.audit.record import written
from sidecar.signing import AccessKey
from tests.fixtures.kms import RunningKms
from tests.kms.api.actiontrail.sdks import SDKS, TrailSdk
from tests.kms.raw import ask, signed, wire
from tests.kms.refusals import last_record
from tests.kms.sdks import Sdk, SdkRefused

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")

VERSION = "2020-07-06"


@pytest.fixture(params=SDKS)
def sdk(request: pytest.FixtureRequest, kms: RunningKms) -> Sdk:
    return SDKS[request.param](kms, kms.access_key)


@pytest.fixture
def plain(kms: RunningKms) -> TrailSdk:
    return TrailSdk(kms, kms.access_key)


@pytest.fixture(scope="module")
def used_key(kms: RunningKms) -> str:
    """A CMK that five data keys were made under."""
    key_id = kms.make_key(f"alias/{uuid.uuid4()}")
    for _ in range(5):
        kms.call("GenerateDataKey", KeyId=key_id)
    return key_id


def attributes(**wanted: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in wanted.items()]


def names(answer: dict[str, Any]) -> list[str]:
    return [event["eventName"] for event in answer["Events"]]


def test_the_events_of_a_key_are_found_newest_first(sdk: Sdk, used_key: str) -> None:
    answer = sdk.call("LookupEvents", LookupAttribute=attributes(ResourceName=used_key))
    assert names(answer) == [*["GenerateDataKey"] * 5, "CreateAlias", "CreateKey"]
    event = answer["Events"][0]
    assert event["referencedResources"] == {"ACS::KMS::Key": [used_key]}
    assert event["userIdentity"]["userName"] == "admin"
    assert "Plaintext" not in json.dumps(event)
    assert answer["StartTime"] < event["eventTime"] <= answer["EndTime"]
    assert "NextToken" not in answer


def test_pages_lead_through_everything_in_both_directions(sdk: Sdk, used_key: str) -> None:
    asked: dict[str, Any] = {
        "LookupAttribute": attributes(ResourceName=used_key),
        "MaxResults": "2",
    }
    for direction, first in (("FORWARD", "CreateKey"), ("BACKWARD", "GenerateDataKey")):
        answer = sdk.call("LookupEvents", Direction=direction, **asked)
        found = names(answer)
        while "NextToken" in answer:
            token = answer["NextToken"]
            answer = sdk.call("LookupEvents", Direction=direction, NextToken=token, **asked)
            found += names(answer)
        assert len(found) == 7
        assert found[0] == first


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ({"EventName": "GenerateDataKey"}, {"GenerateDataKey"}),
        ({"EventName": "GenerateDataKey", "EventRW": "Write"}, set()),
        ({"EventRW": "Write"}, {"CreateKey", "CreateAlias"}),
        ({"ServiceName": "Kms", "EventName": "CreateAlias"}, {"CreateAlias"}),
        ({"ResourceType": "ACS::KMS::Key", "EventName": "CreateKey"}, {"CreateKey"}),
        ({"User": "admin", "EventName": "CreateKey"}, {"CreateKey"}),
        ({"User": "nobody"}, set()),
        ({"EventName": "createkey"}, set()),
    ],
)
def test_conditions_all_hold(
    plain: TrailSdk, used_key: str, wanted: dict[str, str], told: set[str]
) -> None:
    answer = plain.call("LookupEvents", LookupAttribute=attributes(**wanted), MaxResults="50")
    found = set(names(answer))
    assert found == told or (wanted == {"EventRW": "Write"} and told <= found)


def test_an_event_is_found_by_its_request_and_its_access_key(
    plain: TrailSdk, kms: RunningKms
) -> None:
    request_id = kms.call("ListKeys")["RequestId"]
    (event,) = plain.call("LookupEvents", LookupAttribute=attributes(EventId=request_id))["Events"]
    assert event["eventName"] == "ListKeys"
    wanted = attributes(EventAccessKeyId=kms.access_key.id, EventId=request_id)
    assert plain.call("LookupEvents", LookupAttribute=wanted)["Events"] == [event]
    wanted = attributes(EventAccessKeyId="LTAIanother", EventId=request_id)
    assert plain.call("LookupEvents", LookupAttribute=wanted)["Events"] == []


def test_the_question_is_recorded_itself(plain: TrailSdk, kms: RunningKms) -> None:
    plain.call("LookupEvents", MaxResults="1")
    record = last_record(kms)
    assert (record["serviceName"], record["apiVersion"]) == ("ActionTrail", VERSION)
    answer = plain.call("LookupEvents", LookupAttribute=attributes(ServiceName="ActionTrail"))
    assert set(names(answer)) == {"LookupEvents"}


def test_times_bound_the_answer(plain: TrailSdk, used_key: str) -> None:
    now = int(time.time())
    wanted = attributes(ResourceName=used_key)
    span = {"StartTime": written(now - 3600), "EndTime": written(now + 60)}
    answer = plain.call("LookupEvents", LookupAttribute=wanted, **span)
    assert len(answer["Events"]) == 7
    assert {name: answer[name] for name in span} == span
    past = {"StartTime": written(now - 7200), "EndTime": written(now - 3600)}
    assert plain.call("LookupEvents", LookupAttribute=wanted, **past)["Events"] == []


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"StartTime": "2026-11-25"}, "StartTime"),
        ({"StartTime": "2026-13-25T00:00:00Z"}, "StartTime"),
        ({"StartTime": "2026-11-25T01:00:00Z", "EndTime": "2026-11-25T00:00:00Z"}, "StartTime"),
        ({"StartTime": "2026-01-01T00:00:00Z", "EndTime": "2026-03-01T00:00:00Z"}, "EndTime"),
        ({"MaxResults": "51"}, "MaxResults"),
        ({"MaxResults": "-1"}, "MaxResults"),
        ({"Direction": "SIDEWAYS"}, "Direction"),
        ({"LookupAttribute": attributes(Colour="red")}, "LookupAttribute"),
        ({"LookupAttribute": attributes(EVERY="x")}, "LookupAttribute"),
        ({"LookupAttribute": [{"Key": "User"}]}, "LookupAttribute"),
        ({"LookupAttribute": attributes(User="x" * 257)}, "LookupAttribute"),
        ({"LookupAttribute": attributes(User="a") * 2}, "LookupAttribute"),
        (
            {"LookupAttribute": attributes(User="a", EventName="b", EventRW="Read")},
            "LookupAttribute",
        ),
        ({"NextToken": "x"}, "NextToken"),
        ({"NextToken": "é"}, "NextToken"),
        ({"NextToken": base64.b64encode(b"[1,2]").decode()}, "NextToken"),
        ({"NextToken": base64.b64encode(b'["1",2,3,4,"q"]').decode()}, "NextToken"),
        ({"NextToken": base64.b64encode(b"[1,2,3,4,5]").decode()}, "NextToken"),
        ({"NextToken": base64.b64encode(b"[" * 50000).decode()}, "NextToken"),
    ],
)
def test_a_wrong_question_is_refused_by_name(
    plain: TrailSdk, parameters: dict[str, Any], named: str
) -> None:
    with pytest.raises(SdkRefused) as caught:
        plain.call("LookupEvents", **parameters)
    assert (caught.value.status, caught.value.code) == (400, "InvalidParameter")
    assert f'"{named}"' in caught.value.message


def test_a_token_is_good_for_its_own_question_alone(plain: TrailSdk, used_key: str) -> None:
    wanted = attributes(ResourceName=used_key)
    token = plain.call("LookupEvents", LookupAttribute=wanted, MaxResults="1")["NextToken"]
    for other in ({"Direction": "FORWARD"}, {"LookupAttribute": attributes(User="admin")}):
        with pytest.raises(SdkRefused) as caught:
            plain.call("LookupEvents", NextToken=token, **{"LookupAttribute": wanted, **other})
        assert caught.value.code == "InvalidParameter"


@pytest.mark.parametrize(
    ("place", "number"), [(0, 2**60), (1, 2**60), (2, 0), (2, 2**60), (3, 0), (3, 2**60)]
)
def test_a_token_leads_no_further_than_a_question(
    plain: TrailSdk, used_key: str, place: int, number: int
) -> None:
    wanted = {"LookupAttribute": attributes(ResourceName=used_key), "MaxResults": "1"}
    told = plain.call("LookupEvents", **wanted)["NextToken"]
    members = json.loads(base64.urlsafe_b64decode(told))
    members[place] = number
    forged = base64.urlsafe_b64encode(json.dumps(members).encode()).decode()
    with pytest.raises(SdkRefused) as caught:
        plain.call("LookupEvents", **wanted, NextToken=forged)
    assert (caught.value.status, caught.value.code) == (400, "InvalidParameter")


def test_who_has_no_right_hears_nothing(kms: RunningKms) -> None:
    stored = json.loads((kms.directory / "sidecar.json").read_text())
    key = AccessKey(stored["access_key_id"], stored["access_key_secret"])
    with pytest.raises(SdkRefused) as caught:
        TrailSdk(kms, key).call("LookupEvents")
    assert (caught.value.status, caught.value.code) == (403, "Forbidden.NoPermission")
    assert last_record(kms)["errorCode"] == "Forbidden.NoPermission"


def test_another_account_sees_its_own_events_alone(make_kms: Callable[[], RunningKms]) -> None:
    kms = make_kms()
    configuration = kms.directory / "kms.yaml"
    other = AccessKey("LTAIother", "another-secret")
    (kms.directory / "other.secret").write_text(other.secret)
    (kms.directory / "other.secret").chmod(0o600)
    configuration.write_text(
        configuration.read_text()
        + """\
  - id: "1000000000000009"
    users:
      - name: eve
        id: "200000000000000009"
        policies: [AdministratorAccess]
        access_keys: [{id: LTAIother, secret_file: other.secret}]
"""
    )
    kms.start()
    key_id = kms.make_key()
    eve = TrailSdk(kms, other)
    assert {"CreateUser", "CreateAccessKey"} <= set(names(eve.call("LookupEvents")))
    for wanted in ({"ResourceName": key_id}, {"User": "admin"}, {"EventName": "CreateKey"}):
        assert eve.call("LookupEvents", LookupAttribute=attributes(**wanted))["Events"] == []
    own = attributes(User="eve")
    assert len(eve.call("LookupEvents", LookupAttribute=own)["Events"]) == 4
    of_all = eve.call("LookupEvents", MaxResults="50")["Events"]
    assert {one["recipientAccountId"] for one in of_all} == {"1000000000000009"}
    admin = TrailSdk(kms, kms.access_key)
    wanted = {"User": "eve"}
    assert admin.call("LookupEvents", LookupAttribute=attributes(**wanted))["Events"] == []
    kms.stop()


def test_other_actions_of_the_api_are_refused_by_name(plain: TrailSdk, kms: RunningKms) -> None:
    with pytest.raises(SdkRefused) as caught:
        plain.call("DescribeTrails")
    assert (caught.value.status, caught.value.code) == (400, "UnsupportedOperation")
    reply = ask(kms, wire(signed("ListKeys", key=kms.access_key, version=VERSION)))
    assert (reply.status, reply.json["Code"]) == (404, "InvalidAction.NotFound")
    reply = ask(kms, wire(signed("LookupEvents", key=kms.access_key)))
    assert (reply.status, reply.json["Code"]) == (404, "InvalidAction.NotFound")
