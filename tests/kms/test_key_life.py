# SPDX-License-Identifier: Apache-2.0
"""What is refused about the life of CMKs: wrong states, wrong words, foreign keys, full quotas."""

import base64
import json
import uuid
from collections.abc import Callable

import pytest

from sidecar.cli.kms_client import Refusal
from sidecar.kms.api.actions import ACTIONS
from sidecar.kms.service.key_policy import default_policy
from sidecar.kms.service.tagging import MAX_TAGS
from tests.fixtures.kms import RunningKms
from tests.kms.refusals import last_record, refusal, told

UNKNOWN = str(uuid.UUID(int=0))
FOREIGN = f"acs:kms:cn-hangzhou:1000000000000009:key/{UNKNOWN}"
TAG = '[{"TagKey":"a","TagValue":"b"}]'
ROTATION = {"EnableAutomaticRotation": "true", "RotationInterval": "7d"}
INVALID = (400, "InvalidParameter")
MISSING = (400, "MissingParameter")
UNSUPPORTED = (400, "UnsupportedOperation")


@pytest.fixture(scope="module")
def keys(kms: RunningKms) -> dict[str, str]:
    """A CMK in each state, and of each kind that differs here."""
    made = {name: kms.make_key() for name in ("enabled", "disabled", "pending")}
    kms.call("DisableKey", KeyId=made["disabled"])
    kms.call("ScheduleKeyDeletion", KeyId=made["pending"], PendingWindowInDays="7")
    for name, parameters in (
        ("pair", {"KeySpec": "EC_P256"}),
        ("external", {"Origin": "EXTERNAL"}),
    ):
        made[name] = kms.call("CreateKey", **parameters)["KeyMetadata"]["KeyId"]
    return made


@pytest.mark.parametrize(
    ("action", "parameters", "expected"),
    [
        *(
            (action, {"KeyId": "@pending", **more}, (409, "Rejected.StateModifiedFailed"))
            for action, more in (
                ("EnableKey", {}),
                ("DisableKey", {}),
                ("ScheduleKeyDeletion", {"PendingWindowInDays": "7"}),
                ("SetDeletionProtection", {"EnableDeletionProtection": "true"}),
                ("CreateAlias", {"AliasName": "alias/late"}),
            )
        ),
        ("CancelKeyDeletion", {"KeyId": "@enabled"}, (409, "Rejected.StateModifiedFailed")),
        ("CancelKeyDeletion", {"KeyId": "@disabled"}, (409, "Rejected.StateModifiedFailed")),
        ("CancelKeyDeletion", {"KeyId": "@external"}, (409, "Rejected.StateModifiedFailed")),
        ("UpdateRotationPolicy", {"KeyId": "@disabled", **ROTATION}, (409, "Rejected.Disabled")),
        (
            "UpdateRotationPolicy",
            {"KeyId": "@pending", **ROTATION},
            (409, "Rejected.PendingDeletion"),
        ),
        (
            "UpdateRotationPolicy",
            {"KeyId": "@external", **ROTATION},
            (409, "Rejected.PendingImport"),
        ),
        ("UpdateRotationPolicy", {"KeyId": "@pair", **ROTATION}, UNSUPPORTED),
        (
            "UpdateRotationPolicy",
            {"KeyId": "@enabled", "EnableAutomaticRotation": "true"},
            MISSING,
        ),
        *(
            (
                "UpdateRotationPolicy",
                {"KeyId": "@enabled", **ROTATION, "RotationInterval": text},
                INVALID,
            )
            for text in ("6d", "731d", "7", "7w", "604799s", "-7d", "\u0667d", "7d ")
        ),
        ("CreateKeyVersion", {"KeyId": "@enabled"}, UNSUPPORTED),
        ("CreateKeyVersion", {"KeyId": "@external"}, (409, "Rejected.PendingImport")),
        ("CreateKeyVersion", {"KeyId": "@disabled"}, (409, "Rejected.Disabled")),
        (
            "DescribeKeyVersion",
            {"KeyId": "@enabled", "KeyVersionId": UNKNOWN},
            (404, "Forbidden.KeyNotFound"),
        ),
        *(
            ("ScheduleKeyDeletion", {"KeyId": "@enabled", "PendingWindowInDays": days}, INVALID)
            for days in ("6", "367", "seven")
        ),
        ("ScheduleKeyDeletion", {"KeyId": "@enabled"}, MISSING),
        (
            "ScheduleKeyDeletion",
            {"KeyId": "alias/none", "PendingWindowInDays": "7"},
            (400, "Unsupported.Alias"),
        ),
        ("SetDeletionProtection", {"EnableDeletionProtection": "true"}, MISSING),
        (
            "SetDeletionProtection",
            {"KmsInstanceId": "kst-1", "EnableDeletionProtection": "true"},
            UNSUPPORTED,
        ),
        (
            "SetDeletionProtection",
            {"ProtectedResourceArn": "@enabled", "EnableDeletionProtection": "true"},
            INVALID,
        ),
        (
            "SetDeletionProtection",
            {"ProtectedResourceArn": FOREIGN, "EnableDeletionProtection": "true"},
            (403, "Forbidden.NoPermission"),
        ),
        ("UpdateKeyDescription", {"KeyId": "@enabled", "Description": "x" * 8193}, INVALID),
        ("SetKeyPolicy", {"KeyId": "@enabled", "Policy": "{"}, INVALID),
        ("SetKeyPolicy", {"KeyId": "@enabled", "Policy": "[" * 30_000}, INVALID),
        ("SetKeyPolicy", {"KeyId": "@enabled", "Policy": '{"Version":"2"}'}, INVALID),
        (
            "SetKeyPolicy",
            {"KeyId": "@enabled", "Policy": default_policy("1") + " " * 32_768},
            INVALID,
        ),
        ("GetKeyPolicy", {"KeyId": "@enabled", "PolicyName": "another"}, INVALID),
        ("GetKeyPolicy", {"KeyId": FOREIGN}, (403, "Forbidden.NoPermission")),
        ("TagResource", {"Tags": TAG}, MISSING),
        ("TagResource", {"SecretName": "s", "Tags": TAG}, UNSUPPORTED),
        *(
            ("TagResource", {"KeyId": "@enabled", "Tags": text}, INVALID)
            for text in (
                "{}",
                "[" * 50_000,
                '[{"TagValue":"b"}]',
                '[{"TagKey":"a","TagValue":"b","Other":""}]',
                '[{"TagKey":"acs:a","TagValue":"b"}]',
                '[{"TagKey":"aliyun-a","TagValue":"b"}]',
                '[{"TagKey":"a b","TagValue":"b"}]',
                '[{"TagKey":1,"TagValue":"b"}]',
                '[{"TagKey":"a","TagValue":"1"},{"TagKey":"a","TagValue":"2"}]',
                json.dumps([{"TagKey": f"k{i}", "TagValue": ""} for i in range(MAX_TAGS + 1)]),
            )
        ),
        ("UntagResource", {"KeyId": "@enabled", "TagKeys": '["a",1]'}, INVALID),
        ("TagResources", {"ResourceType": "key", "ResourceId.1": "@enabled"}, MISSING),
        (
            "TagResources",
            {"ResourceType": "secret", "ResourceId.1": "@enabled", "Tag.1.Key": "a"},
            UNSUPPORTED,
        ),
        (
            "TagResources",
            {"ResourceType": "key", "ResourceId.1": UNKNOWN, "Tag.1.Key": "a"},
            (404, "Forbidden.KeyNotFound"),
        ),
        (
            "TagResources",
            {"ResourceType": "key", "ResourceId.1": "@enabled", "Tag.1": "a", "Tag.1.Key": "a"},
            INVALID,
        ),
        (
            "TagResources",
            {
                "ResourceType": "key",
                "ResourceId.1": "@enabled",
                "ResourceId.2": "@enabled",
                "Tag.1.Key": "a",
            },
            INVALID,
        ),
        (
            "TagResources",
            {"ResourceType": "key", "Tag.1.Key": "a"}
            | {f"ResourceId.{i}": f"key-{i}" for i in range(1, 52)},
            INVALID,
        ),
        ("UntagResources", {"ResourceType": "key", "ResourceId.1": "@enabled"}, MISSING),
        ("ListTagResources", {"ResourceType": "key", "NextToken": "bm8="}, INVALID),
        *(
            (
                "ListTagResources",
                {"ResourceType": "key", "NextToken": base64.b64encode(token).decode()},
                INVALID,
            )
            for token in (
                *(b"[[],[]]", b"{}", b'["a"]', b'["a","b","c"]', b"\xff"),
                *(rb'["\ud800","a"]', rb'["a","\u0000"]', b"[" * 10_000),
            )
        ),
        ("ListAliasesByKeyId", {"KeyId": "@enabled", "PageSize": "102"}, INVALID),
        ("ListKeyVersions", {"KeyId": UNKNOWN}, (404, "Forbidden.KeyNotFound")),
        ("CreateKey", {"EnableAutomaticRotation": "true"}, MISSING),
        ("CreateKey", {"RotationInterval": "1d"}, INVALID),
        ("CreateKey", {"KeySpec": "RSA_2048", **ROTATION}, UNSUPPORTED),
        ("CreateKey", {"Origin": "EXTERNAL", **ROTATION}, (400, "Unsupported.Origin")),
        ("CreateKey", {"DKMSInstanceId": "kst-1"}, UNSUPPORTED),
        ("CreateKey", {"KeyStorageMechanism": "HsmInternal"}, UNSUPPORTED),
        ("CreateKey", {"Policy": "{}"}, INVALID),
        ("CreateKey", {"Tags": "a"}, INVALID),
    ],
)
def test_a_wrong_call_is_refused_by_name_and_recorded(
    kms: RunningKms,
    keys: dict[str, str],
    action: str,
    parameters: dict[str, str],
    expected: tuple[int, str],
) -> None:
    filled = {
        name: keys[text[1:]] if text.startswith("@") else text for name, text in parameters.items()
    }
    assert told(refusal(kms, action, **filled)) == expected
    record = last_record(kms)
    assert (record["eventName"], record["errorCode"]) == (action, expected[1])


def test_a_key_that_waits_for_material_waits_again_after_its_deletion_is_cancelled(
    kms: RunningKms,
) -> None:
    key_id = kms.call("CreateKey", Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    kms.call("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays="7")
    kms.call("CancelKeyDeletion", KeyId=key_id)
    assert kms.call("DescribeKey", KeyId=key_id)["KeyMetadata"]["KeyState"] == "PendingImport"


def test_a_key_has_no_more_tags_than_it_may(kms: RunningKms) -> None:
    key_id = kms.make_key()
    tags = [{"TagKey": f"k{i}", "TagValue": "v"} for i in range(MAX_TAGS)]
    kms.call("TagResource", KeyId=key_id, Tags=json.dumps(tags))
    kms.call("TagResource", KeyId=key_id, Tags='[{"TagKey":"k0","TagValue":"w"}]')
    answer = refusal(kms, "TagResource", KeyId=key_id, Tags=TAG)
    assert told(answer) == (400, "Rejected.LimitExceeded")
    several = {"ResourceType": "key", "ResourceId.1": kms.make_key(), "ResourceId.2": key_id}
    answer = refusal(kms, "TagResources", **several, **{"Tag.1.Key": "a"})
    assert told(answer) == (400, "Rejected.LimitExceeded")
    untouched = kms.call("ListResourceTags", KeyId=several["ResourceId.1"])
    assert untouched["Tags"]["Tag"] == []


def test_tags_are_listed_in_parts_without_gaps(kms: RunningKms) -> None:
    ids = [kms.make_key() for _ in range(11)]
    many = {f"Tag.{i}.Key": f"k{i:02}" for i in range(1, MAX_TAGS + 1)}
    named = {f"ResourceId.{i}": key_id for i, key_id in enumerate(ids, 1)}
    kms.call("TagResources", ResourceType="key", **named, **many)
    seen, following = [], {}
    while True:
        page = kms.call("ListTagResources", ResourceType="key", **named, **following)
        seen += [(t["ResourceId"], t["TagKey"]) for t in page["TagResources"]["TagResource"]]
        if not page["NextToken"]:
            break
        following = {"NextToken": page["NextToken"]}
    assert len(seen) == len(set(seen)) == 11 * MAX_TAGS


def test_nothing_of_a_tag_or_a_policy_is_recorded(kms: RunningKms) -> None:
    key_id = kms.make_key()
    kms.call("TagResource", KeyId=key_id, Tags='[{"TagKey":"a","TagValue":"canary"}]')
    assert "canary" not in json.dumps(last_record(kms))
    kms.call("UpdateKeyDescription", KeyId=key_id, Description="canary")
    assert "canary" not in json.dumps(last_record(kms))


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_takes_dry_run_and_does_nothing_then(kms: RunningKms, action: str) -> None:
    """Without its parameters a call is refused as it always is; those that need none would pass."""
    before = kms.call("ListKeys")["TotalCount"]
    with pytest.raises(Refusal) as caught:
        kms.call(action, DryRun="true")
    assert caught.value.answer["Code"] in (
        *("DryRunOperationError", "ValidationError", "MissingParameter", "UnsupportedOperation"),
    )
    assert kms.call("ListKeys")["TotalCount"] == before


def test_a_dry_run_foresees_what_an_act_would_refuse(kms: RunningKms) -> None:
    key_id, alias = kms.make_key(), f"alias/{uuid.uuid4()}"
    asked = {"KeyId": key_id, "AliasName": alias, "DryRun": "true"}
    assert told(refusal(kms, "CreateAlias", **asked)) == (400, "DryRunOperationError")
    kms.call("CreateAlias", KeyId=key_id, AliasName=alias)
    assert told(refusal(kms, "CreateAlias", **asked)) == (400, "ValidationError")


def test_accounts_have_quotas_and_rates_of_their_own(make_kms: Callable[[], RunningKms]) -> None:
    kms = make_kms()
    configuration = kms.directory / "kms.yaml"
    configuration.write_text(
        configuration.read_text().replace(
            f'- id: "{kms.account_id}"\n',
            f'- id: "{kms.account_id}"\n    quotas: {{versions: 2}}\n    rates: {{write: 4}}\n',
        )
        + "quotas: {keys: 5, versions: 1}\nrates: {read: 1000, write: 1}\n"
    )
    kms.start()
    kms.make_key()
    kms.make_key()
    assert told(refusal(kms, "CreateKey")) == (400, "Rejected.LimitExceeded")
    codes = set()
    while (429, "Rejected.Throttling") not in codes:
        codes.add(told(refusal(kms, "CreateKey")))
    assert codes <= {(429, "Rejected.Throttling"), (400, "Rejected.LimitExceeded")}
    assert kms.call("ListKeys")["TotalCount"] == 2
