# SPDX-License-Identifier: Apache-2.0
"""Policies that ask for the tags of CMKs, and the ways around them that there are not."""

from collections.abc import Iterator

import pytest

from tests.fixtures.kms import RunningKms
from tests.kms.refusals import refusal, told

POLICY = """
policies:
  team:
    Version: "1"
    Statement:
      - {Effect: Allow, Action: "kms:*", Resource: "*"}
      - Effect: Deny
        Action: ["kms:GenerateDataKey", "kms:UntagResource*", "kms:TagResource*"]
        Resource: "*"
        Condition: {StringEquals: {"kms:tag/team": "others"}}
"""


@pytest.fixture(scope="module")
def kms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKms]:
    running = RunningKms(tmp_path_factory.mktemp("tags") / "kms")
    configuration = running.directory / "kms.yaml"
    text = configuration.read_text().replace("\npolicies:\n", POLICY)
    configuration.write_text(text.replace("AliyunKMSFullAccess", "team"))
    running.start()
    yield running
    running.close()


@pytest.fixture(scope="module")
def keys(kms: RunningKms) -> tuple[str, str]:
    """Our key, and one of the others."""
    ours = kms.call("CreateKey", Tags='[{"TagKey":"team","TagValue":"ours"}]')
    theirs = kms.call("CreateKey", Tags='[{"TagKey":"team","TagValue":"others"}]')
    return ours["KeyMetadata"]["KeyId"], theirs["KeyMetadata"]["KeyId"]


def test_a_condition_asks_for_the_tag_of_the_key(kms: RunningKms, keys: tuple[str, str]) -> None:
    ours, theirs = keys
    kms.call("GenerateDataKey", KeyId=ours)
    assert told(refusal(kms, "GenerateDataKey", KeyId=theirs)) == (403, "Forbidden.NoPermission")
    kms.call("DescribeKey", KeyId=theirs)


@pytest.mark.parametrize("action", ["TagResources", "UntagResources"])
@pytest.mark.parametrize("first", [0, 1])
def test_a_call_about_many_keys_is_refused_for_any_of_them(
    kms: RunningKms, keys: tuple[str, str], action: str, first: int
) -> None:
    named = {"ResourceId.1": keys[first], "ResourceId.2": keys[1 - first], "ResourceType": "key"}
    more = {"Tag.1.Key": "team"} if action == "TagResources" else {"All": "true"}
    assert told(refusal(kms, action, **named, **more)) == (403, "Forbidden.NoPermission")
    tags = kms.call("ListResourceTags", KeyId=keys[0])["Tags"]["Tag"]
    assert [tag["TagValue"] for tag in tags] == ["ours"]


def test_a_tag_is_not_taken_off_to_get_around_a_policy(
    kms: RunningKms, keys: tuple[str, str]
) -> None:
    answer = refusal(kms, "UntagResource", KeyId=keys[1], TagKeys="team")
    assert told(answer) == (403, "Forbidden.NoPermission")


def test_the_deny_of_one_keys_policy_stops_a_call_about_many(
    kms: RunningKms, keys: tuple[str, str]
) -> None:
    guarded, free = kms.make_key(), kms.make_key()
    policy = (
        '{"Version":"1","Statement":[{"Effect":"Deny","Principal":{"RAM":["acs:ram::'
        + kms.account_id
        + ':*"]},"Action":["kms:TagResources"],"Resource":["*"]}]}'
    )
    kms.call("SetKeyPolicy", KeyId=guarded, Policy=policy)
    named = {"ResourceId.1": free, "ResourceId.2": guarded, "ResourceType": "key"}
    answer = refusal(kms, "TagResources", **named, **{"Tag.1.Key": "a"})
    assert told(answer) == (403, "Forbidden.NoPermission")
    kms.call("TagResource", KeyId=guarded, Tags='[{"TagKey":"a","TagValue":""}]')
