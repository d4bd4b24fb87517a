# SPDX-License-Identifier: Apache-2.0
"""A user with some rights makes no others of them."""

import json
import uuid
from collections.abc import Callable

import pytest

from sidecar.cli.kms_client import KmsClient, Refusal
from sidecar.signing import AccessKey
from tests.fixtures.kms import RunningKms
from tests.kms.ram.sdks import RAM_SDKS
from tests.kms.raw import ask, signed, wire
from tests.kms.sdks import Sdk, SdkRefused

pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning")

RAM = "2015-05-01"
FORBIDDEN = (403, "Forbidden.NoPermission")

type NewUser = Callable[..., AccessKey]


@pytest.fixture
def ram(kms: RunningKms) -> Sdk:
    return RAM_SDKS["new, ACS3"](kms, kms.access_key)


@pytest.fixture
def name() -> str:
    return f"t-{uuid.uuid4()}"


@pytest.fixture
def new_user(ram: Sdk, name: str) -> NewUser:
    """Make the user who is called `name`, with one policy of these statements."""

    def make(*statements: dict[str, object]) -> AccessKey:
        ram.call("CreateUser", UserName=name)
        document = json.dumps({"Version": "1", "Statement": list(statements)})
        ram.call("CreatePolicy", PolicyName=name, PolicyDocument=document)
        ram.call("AttachPolicyToUser", UserName=name, PolicyType="Custom", PolicyName=name)
        made = ram.call("CreateAccessKey", UserName=name)["AccessKey"]
        return AccessKey(made["AccessKeyId"], made["AccessKeySecret"])

    return make


def allow(action: str, *resources: str) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": list(resources)}


def test_who_may_rename_itself_takes_no_name_that_a_key_trusts(
    kms: RunningKms, new_user: NewUser, name: str
) -> None:
    trusted, key_id = f"{name}-trusted", kms.make_key()
    statement = {
        "Effect": "Allow",
        "Principal": {"RAM": [f"acs:ram::{kms.account_id}:user/{trusted}"]},
        "Action": ["kms:*"],
        "Resource": ["*"],
    }
    policy = json.dumps({"Version": "1", "Statement": [statement]})
    kms.call("SetKeyPolicy", KeyId=key_id, Policy=policy)
    key = new_user(allow("ram:UpdateUser", f"acs:ram:*:*:user/{name}"))
    sdk = RAM_SDKS["new, ACS3"](kms, key)
    sdk.call("UpdateUser", UserName=name, NewComments="mine")
    with pytest.raises(SdkRefused) as caught:
        sdk.call("UpdateUser", UserName=name, NewUserName=trusted)
    assert (caught.value.status, caught.value.code) == FORBIDDEN
    with pytest.raises(Refusal) as refused:
        KmsClient(kms.endpoint, key).call("GenerateDataKey", {"KeyId": key_id})
    assert refused.value.answer["Code"] == FORBIDDEN[1]


def test_a_group_takes_no_name_that_is_denied(
    kms: RunningKms, ram: Sdk, new_user: NewUser, name: str
) -> None:
    ram.call("CreateGroup", GroupName=name)
    key = new_user(allow("ram:UpdateGroup", f"acs:ram:*:*:group/{name}"))
    with pytest.raises(SdkRefused) as caught:
        RAM_SDKS["new, ACS3"](kms, key).call(
            "UpdateGroup", GroupName=name, NewGroupName=f"{name}-admins"
        )
    assert (caught.value.status, caught.value.code) == FORBIDDEN


def test_an_alias_is_taken_from_no_key_without_a_right_on_it(
    kms: RunningKms, new_user: NewUser, name: str
) -> None:
    alias = f"alias/{name}"
    theirs, mine = kms.make_key(alias), kms.make_key()
    key = new_user(allow("kms:*", f"acs:kms:*:*:{alias}", f"acs:kms:*:*:key/{mine}"))
    with pytest.raises(Refusal) as refused:
        KmsClient(kms.endpoint, key).call("UpdateAlias", {"AliasName": alias, "KeyId": mine})
    assert refused.value.answer["Code"] == FORBIDDEN[1]
    assert kms.call("GenerateDataKey", KeyId=alias)["KeyId"] == theirs
    kms.call("ScheduleKeyDeletion", KeyId=theirs, PendingWindowInDays="7")
    kms.call("UpdateAlias", AliasName=alias, KeyId=mine)
    assert kms.call("GenerateDataKey", KeyId=alias)["KeyId"] == mine


@pytest.mark.parametrize(
    "document",
    [r'{"\ud800": 1}', r'{"Version": "1", "Statement": [{"\udfff\u0000\n": "Allow"}]}'],
)
def test_a_policy_that_no_text_can_hold_is_refused_in_json(kms: RunningKms, document: str) -> None:
    asked = (("PolicyName", "surrogates"), ("PolicyDocument", document))
    reply = ask(kms, wire(signed("CreatePolicy", *asked, key=kms.access_key, version=RAM)))
    assert (reply.status, reply.json["Code"]) == (400, "InvalidParameter.PolicyDocument")
    assert reply.json["Message"].isprintable()
