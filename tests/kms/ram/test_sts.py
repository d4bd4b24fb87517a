# SPDX-License-Identifier: Apache-2.0
"""STS through the vendor's SDKs: who one is, and credentials that end."""

import json
import time
from typing import Any

import pytest

from sidecar.signing import AccessKey
from tests.kms.ram.conftest import CRM, OPERATOR, PROVIDER, Federated
from tests.kms.ram.issuer import ISSUER, SUBJECT, Issuer
from tests.kms.ram.sdks import NOBODY, RAM_SDKS, STS_SDKS, NewSts
from tests.kms.raw import ask, signed, wire
from tests.kms.refusals import last_record
from tests.kms.sdks import SDKS, Answer, Sdk, SdkRefused

pytestmark = [
    pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning"),
]


def key_of(answer: Answer) -> AccessKey:
    made = answer["Credentials"]
    return AccessKey(made["AccessKeyId"], made["AccessKeySecret"], made["SecurityToken"])


def workload(federated: Federated, **more: object) -> Answer:
    """Credentials for a token, by an SDK that has no access key."""
    parameters = {
        "OIDCProviderArn": PROVIDER,
        "RoleArn": CRM,
        "OIDCToken": federated.issuer.token(),
        "RoleSessionName": "pod-1",
        **more,
    }
    return NewSts(federated.kms, NOBODY).call("AssumeRoleWithOIDC", **parameters)


def operator(federated: Federated, **more: object) -> AccessKey:
    sts = NewSts(federated.kms, federated.kms.access_key)
    parameters = {"RoleArn": OPERATOR, "RoleSessionName": "alice", **more}
    return key_of(sts.call("AssumeRole", **parameters))


def refused(sdk: Sdk, action: str, **parameters: object) -> tuple[int, str]:
    with pytest.raises(SdkRefused) as caught:
        sdk.call(action, **parameters)
    return caught.value.status, caught.value.code


@pytest.fixture(params=STS_SDKS)
def sts(request: pytest.FixtureRequest, federated: Federated) -> Sdk:
    return STS_SDKS[request.param](federated.kms, federated.kms.access_key)


def test_everybody_may_ask_who_they_are(sts: Sdk, federated: Federated) -> None:
    told = sts.call("GetCallerIdentity")
    assert told["Arn"] == f"acs:ram::{federated.kms.account_id}:user/admin"
    assert (told["IdentityType"], told["AccountId"]) == ("RAMUser", federated.kms.account_id)


def test_a_role_is_assumed_by_whom_both_sides_allow(sts: Sdk, federated: Federated) -> None:
    answer = sts.call("AssumeRole", RoleArn=OPERATOR, RoleSessionName="alice")
    assert answer["AssumedRoleUser"]["AssumedRoleId"].endswith(":alice")
    told = NewSts(federated.kms, key_of(answer)).call("GetCallerIdentity")
    assert told["Arn"].endswith(":assumed-role/operator/alice")
    assert told["IdentityType"] == "AssumedRoleUser"
    assert refused(sts, "AssumeRole", RoleArn=CRM, RoleSessionName="alice") == (403, "NoPermission")


@pytest.mark.parametrize("name", SDKS)
def test_its_credentials_sign_calls_of_the_kms_in_every_way(
    name: str, federated: Federated
) -> None:
    key = operator(federated)
    key_id = SDKS[name](federated.kms, key).call("CreateKey")["KeyMetadata"]["KeyId"]
    crm = SDKS[name](federated.kms, key_of(workload(federated)))
    made = crm.call("GenerateDataKey", KeyId=key_id)
    opened = crm.call("Decrypt", CiphertextBlob=made["CiphertextBlob"])
    assert opened["Plaintext"] == made["Plaintext"]
    assert refused(crm, "DisableKey", KeyId=key_id) == (403, "Forbidden.NoPermission")


@pytest.mark.parametrize("name", STS_SDKS)
def test_a_workload_needs_no_access_key(name: str, federated: Federated) -> None:
    key = federated.kms.access_key if name.startswith("legacy") else NOBODY  # that one always signs
    answer = STS_SDKS[name](federated.kms, key).call(
        "AssumeRoleWithOIDC",
        OIDCProviderArn=PROVIDER,
        RoleArn=CRM,
        OIDCToken=federated.issuer.token(),
        RoleSessionName="pod-1",
        DurationSeconds=900,
    )
    assert answer["OIDCTokenInfo"]["Subject"] == SUBJECT
    made = answer["Credentials"]
    assert made["AccessKeyId"].startswith("STS.")
    record = last_record(federated.kms)
    told = record["responseElements"]
    assert told["AccessKeyId"] == made["AccessKeyId"]
    assert (told["OIDCIssuer"], told["OIDCSubject"]) == (ISSUER, SUBJECT)
    assert record["recipientAccountId"] == federated.kms.account_id
    text = json.dumps(record)
    assert made["AccessKeySecret"] not in text
    assert made["SecurityToken"] not in text


INVALID = (400, "AuthenticationFail.OIDCToken.Invalid")


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"sub": "system:serviceaccount:shop:other"}, (403, "NoPermission")),
        ({"sub": "system:serviceaccount:SHOP:crm"}, (403, "NoPermission")),
        ({"aud": "another"}, INVALID),
        ({"exp": int(time.time()) - 120}, (400, "AuthenticationFail.OIDCToken.Expired")),
    ],
)
def test_a_token_counts_for_what_it_says_alone(
    claims: dict[str, object], expected: tuple[int, str], federated: Federated
) -> None:
    with pytest.raises(SdkRefused) as caught:
        workload(federated, OIDCToken=federated.issuer.token(**claims))
    assert (caught.value.status, caught.value.code) == expected


def test_a_forged_token_is_recorded_as_nobodys(federated: Federated) -> None:
    for forged in (Issuer().token(), "no token"):
        with pytest.raises(SdkRefused) as caught:
            workload(federated, OIDCToken=forged)
        assert (caught.value.status, caught.value.code) == INVALID
        assert last_record(federated.kms)["userIdentity"]["type"] == "unauthenticated"


def test_new_keys_of_the_issuer_are_read_from_its_file(federated: Federated) -> None:
    federated.issuer.rotate("ES256")
    with pytest.raises(SdkRefused):
        workload(federated)
    (federated.kms.directory / "keys.json").write_text(federated.issuer.published())
    assert workload(federated)
    federated.issuer.rotate()
    (federated.kms.directory / "keys.json").write_text(federated.issuer.published())
    assert workload(federated)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"RoleArn": OPERATOR}, (403, "NoPermission")),
        ({"RoleArn": CRM.replace("crm", "nobody")}, (403, "NoPermission")),
        ({"RoleArn": CRM.replace("0001:", "0009:")}, (403, "NoPermission")),
        ({"OIDCProviderArn": PROVIDER + "2"}, (404, "EntityNotExist.OIDCProvider")),
        ({"OIDCProviderArn": CRM}, (400, "InvalidParameter")),
        ({"DurationSeconds": 899}, (400, "InvalidParameter")),
        ({"DurationSeconds": 3601}, (400, "InvalidParameter")),
        ({"RoleSessionName": "a b"}, (400, "InvalidParameter")),
        ({"Policy": "{}"}, (400, "InvalidParameter.Policy")),
        ({"OIDCToken": ""}, (400, "MissingParameter")),
    ],
)
def test_what_the_workload_asks_for_is_checked(
    more: dict[str, object], expected: tuple[int, str], federated: Federated
) -> None:
    with pytest.raises(SdkRefused) as caught:
        workload(federated, **more)
    assert (caught.value.status, caught.value.code) == expected


def test_a_session_policy_narrows_what_the_role_may(federated: Federated) -> None:
    only = {"Effect": "Allow", "Action": ["kms:ListKeys", "ram:*"], "Resource": "*"}
    policy = json.dumps({"Version": "1", "Statement": [only]})
    kms = SDKS["new, ACS3"](federated.kms, operator(federated, Policy=policy))
    assert "Keys" in kms.call("ListKeys")
    assert refused(kms, "ListAliases") == (403, "Forbidden.NoPermission")
    ram = RAM_SDKS["new, ACS3"](federated.kms, operator(federated, Policy=policy))
    assert refused(ram, "ListUsers") == (403, "Forbidden.NoPermission")


def test_a_role_of_a_role_lasts_an_hour_at_the_most(federated: Federated) -> None:
    first = NewSts(federated.kms, operator(federated, DurationSeconds=7200))
    again = {"RoleArn": OPERATOR, "RoleSessionName": "again"}
    assert first.call("AssumeRole", **again)
    assert refused(first, "AssumeRole", **again, DurationSeconds=3601)[1] == "InvalidParameter"


def test_a_stranger_to_the_trust_policy_is_refused(federated: Federated) -> None:
    sidecar = json.loads((federated.kms.directory / "sidecar.json").read_text())
    key = AccessKey(sidecar["access_key_id"], sidecar["access_key_secret"])
    sts = NewSts(federated.kms, key)
    assert refused(sts, "AssumeRole", RoleArn=OPERATOR, RoleSessionName="eve")[0] == 403
    neighbour = NewSts(federated.kms, AccessKey("LTAIneighbour", key.secret))
    assert refused(neighbour, "AssumeRole", RoleArn=OPERATOR, RoleSessionName="eve")[0] == 403


def test_a_partner_has_to_name_what_was_agreed(federated: Federated) -> None:
    sts = NewSts(federated.kms, federated.kms.access_key)
    partner = {"RoleArn": OPERATOR.replace("operator", "partner"), "RoleSessionName": "p1"}
    assert refused(sts, "AssumeRole", **partner) == (403, "NoPermission")
    assert refused(sts, "AssumeRole", **partner, ExternalId="guess") == (403, "NoPermission")
    assert sts.call("AssumeRole", **partner, ExternalId="partner-1")


def told(federated: Federated, key: AccessKey) -> Any:
    return ask(federated.kms, wire(signed("ListKeys", key=key))).json.get("Code")


def test_a_session_is_its_key_secret_and_token_together(federated: Federated) -> None:
    mine, other = operator(federated), operator(federated)
    assert told(federated, mine) is None
    assert told(federated, AccessKey(mine.id, mine.secret)) == "MissingSecurityToken"
    mixed = AccessKey(mine.id, mine.secret, other.token)
    assert told(federated, mixed) == "InvalidSecurityToken.MismatchWithAccessKey"
    assert told(federated, AccessKey(mine.id, other.secret, mine.token)) == "SignatureDoesNotMatch"
    admin = federated.kms.access_key
    lent = AccessKey(admin.id, admin.secret, mine.token)
    assert told(federated, lent) == "InvalidSecurityToken.MismatchWithAccessKey"


def test_sessions_end_when_they_are_revoked_and_with_their_role(federated: Federated) -> None:
    ram = RAM_SDKS["new, ACS3"](federated.kms, federated.kms.access_key)
    sts = NewSts(federated.kms, federated.kms.access_key)
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"RAM": [f"acs:ram::{federated.kms.account_id}:root"]},
    }
    trust = json.dumps({"Version": "1", "Statement": [statement]})
    arn = ram.call("CreateRole", RoleName="brief", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    policy = {"PolicyType": "System", "PolicyName": "AliyunKMSReadOnlyAccess"}
    ram.call("AttachPolicyToRole", RoleName="brief", **policy)
    first = key_of(sts.call("AssumeRole", RoleArn=arn, RoleSessionName="one"))
    assert told(federated, first) is None
    version = {"version": "2015-05-01", "key": federated.kms.access_key}
    revoked = ask(
        federated.kms, wire(signed("RevokeRoleSessions", ("RoleName", "brief"), **version))
    )
    assert revoked.json["RevokedSessions"] == 1
    assert told(federated, first) == "InvalidAccessKeyId.NotFound"
    second = key_of(sts.call("AssumeRole", RoleArn=arn, RoleSessionName="two"))
    assert told(federated, second) is None
    ram.call("DetachPolicyFromRole", RoleName="brief", **policy)
    assert told(federated, second) == "Forbidden.NoPermission"
    ram.call("DeleteRole", RoleName="brief")
    ram.call("CreateRole", RoleName="brief", AssumeRolePolicyDocument=trust)
    assert told(federated, second) == "InvalidAccessKeyId.NotFound"
    ram.call("DeleteRole", RoleName="brief")


def test_an_unsigned_call_is_for_workloads_alone(federated: Federated) -> None:
    for action, version in (
        ("GetCallerIdentity", "2015-04-01"),
        ("ListUsers", "2015-05-01"),
        ("ListKeys", "2016-01-20"),
        ("AssumeRoleWithOIDC", "2016-01-20"),
    ):
        line = f"POST /?Action={action}&Version={version} HTTP/1.1\r\nhost: kms\r\n"
        answer = ask(federated.kms, f"{line}content-length: 0\r\n\r\n".encode())
        assert answer.status == 400
        assert answer.json["Code"].startswith("Missing")


def test_who_a_session_is_stands_in_the_record(federated: Federated) -> None:
    told(federated, operator(federated))
    identity = last_record(federated.kms)["userIdentity"]
    assert identity["type"] == "assumed-role"
    assert identity["userName"] == "operator:alice"
    assert identity["principalId"] == "300000000000000002:alice"
