# SPDX-License-Identifier: Apache-2.0
"""RAM through the vendor's SDKs: every action, one story a kind of thing."""

import json
import uuid

import pytest

from sidecar.signing import AccessKey
from tests.fixtures.kms import RunningKms
from tests.kms.ram.conftest import PROVIDER, Federated
from tests.kms.ram.sdks import RAM_SDKS
from tests.kms.sdks import NewSdk, Sdk, SdkRefused

# Warnings of the SDKs' own code.
pytestmark = [
    pytest.mark.filterwarnings("ignore:datetime.datetime.utc:DeprecationWarning"),
]

SOME = {"Effect": "Allow", "Action": "kms:ListKeys", "Resource": "*"}
MORE = {"Effect": "Allow", "Action": ["kms:ListKeys", "kms:ListAliases"], "Resource": "*"}


def document(*statements: dict[str, object]) -> str:
    return json.dumps({"Version": "1", "Statement": list(statements)})


def trust(principal: str) -> str:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"RAM": [principal]}}
    return document(statement)


@pytest.fixture(params=RAM_SDKS)
def sdk(request: pytest.FixtureRequest, kms: RunningKms) -> Sdk:
    return RAM_SDKS[request.param](kms, kms.access_key)


@pytest.fixture
def ram(kms: RunningKms) -> Sdk:
    return RAM_SDKS["new, ACS3"](kms, kms.access_key)


@pytest.fixture
def name() -> str:
    return f"t-{uuid.uuid4()}"


def code(sdk: Sdk, action: str, **parameters: object) -> tuple[int, str]:
    with pytest.raises(SdkRefused) as caught:
        sdk.call(action, **parameters)
    return caught.value.status, caught.value.code


def test_users_are_made_told_renamed_listed_and_deleted(sdk: Sdk, name: str) -> None:
    made = sdk.call("CreateUser", UserName=name, DisplayName="Für Kunden")["User"]
    assert (made["UserName"], made["DisplayName"]) == (name, "Für Kunden")
    assert sdk.call("GetUser", UserName=name)["User"]["UserId"] == made["UserId"]
    renamed = f"{name}-2"
    sdk.call("UpdateUser", UserName=name, NewUserName=renamed, NewComments="moved")
    told = sdk.call("GetUser", UserName=renamed)["User"]
    assert (told["UserId"], told["Comments"]) == (made["UserId"], "moved")
    assert renamed in [u["UserName"] for u in sdk.call("ListUsers", MaxItems=1000)["Users"]["User"]]
    sdk.call("DeleteUser", UserName=renamed)
    assert code(sdk, "GetUser", UserName=renamed) == (404, "EntityNotExist.User")


def test_an_access_key_works_until_it_is_set_aside(
    sdk: Sdk, ram: Sdk, kms: RunningKms, name: str
) -> None:
    ram.call("CreateUser", UserName=name)
    ram.call(
        "AttachPolicyToUser",
        UserName=name,
        PolicyType="System",
        PolicyName="AliyunKMSReadOnlyAccess",
    )
    made = sdk.call("CreateAccessKey", UserName=name)["AccessKey"]
    user = NewSdk(kms, AccessKey(made["AccessKeyId"], made["AccessKeySecret"]))
    assert "Keys" in user.call("ListKeys")
    assert code(user, "CreateKey") == (403, "Forbidden.NoPermission")
    (listed,) = sdk.call("ListAccessKeys", UserName=name)["AccessKeys"]["AccessKey"]
    assert (listed["AccessKeyId"], listed["Status"]) == (made["AccessKeyId"], "Active")
    assert "AccessKeySecret" not in listed
    mine = {"UserName": name, "UserAccessKeyId": made["AccessKeyId"]}
    sdk.call("UpdateAccessKey", **mine, Status="Inactive")
    assert code(user, "ListKeys") == (400, "InvalidAccessKeyId.Inactive")
    sdk.call("UpdateAccessKey", **mine, Status="Active")
    assert "Keys" in user.call("ListKeys")
    sdk.call("DeleteAccessKey", **mine)
    assert code(user, "ListKeys") == (404, "InvalidAccessKeyId.NotFound")


def test_a_group_gives_its_policies_to_its_users(
    sdk: Sdk, ram: Sdk, kms: RunningKms, name: str
) -> None:
    ram.call("CreateUser", UserName=name)
    made = ram.call("CreateAccessKey", UserName=name)["AccessKey"]
    user = NewSdk(kms, AccessKey(made["AccessKeyId"], made["AccessKeySecret"]))
    sdk.call("CreateGroup", GroupName=name, Comments="readers")
    assert sdk.call("GetGroup", GroupName=name)["Group"]["Comments"] == "readers"
    policy = {"PolicyType": "System", "PolicyName": "AliyunKMSReadOnlyAccess"}
    sdk.call("AttachPolicyToGroup", GroupName=name, **policy)
    assert code(user, "ListKeys")[1] == "Forbidden.NoPermission"
    sdk.call("AddUserToGroup", GroupName=name, UserName=name)
    assert "Keys" in user.call("ListKeys")
    (member,) = sdk.call("ListUsersForGroup", GroupName=name)["Users"]["User"]
    assert member["UserName"] == name
    (group,) = sdk.call("ListGroupsForUser", UserName=name)["Groups"]["Group"]
    assert group["GroupName"] == name
    (held,) = sdk.call("ListPoliciesForGroup", GroupName=name)["Policies"]["Policy"]
    assert held["PolicyName"] == policy["PolicyName"]
    assert code(sdk, "DeleteGroup", GroupName=name) == (409, "DeleteConflict.Group.User")
    renamed = f"{name}-2"
    sdk.call("UpdateGroup", GroupName=name, NewGroupName=renamed)
    assert "Keys" in user.call("ListKeys")
    sdk.call("RemoveUserFromGroup", GroupName=renamed, UserName=name)
    assert code(user, "ListKeys")[1] == "Forbidden.NoPermission"
    assert code(sdk, "DeleteGroup", GroupName=renamed) == (409, "DeleteConflict.Group.Policy")
    sdk.call("DetachPolicyFromGroup", GroupName=renamed, **policy)
    sdk.call("DeleteGroup", GroupName=renamed)
    groups = sdk.call("ListGroups", MaxItems=1000)["Groups"]["Group"]
    assert renamed not in [group["GroupName"] for group in groups]


def test_the_default_version_of_a_policy_holds(
    sdk: Sdk, ram: Sdk, kms: RunningKms, name: str
) -> None:
    ram.call("CreateUser", UserName=name)
    made = ram.call("CreateAccessKey", UserName=name)["AccessKey"]
    user = NewSdk(kms, AccessKey(made["AccessKeyId"], made["AccessKeySecret"]))
    sdk.call("CreatePolicy", PolicyName=name, PolicyDocument=document(SOME), Description="r")
    mine = {"PolicyName": name, "PolicyType": "Custom"}
    sdk.call("UpdatePolicyDescription", PolicyName=name, NewDescription="reads")
    assert sdk.call("GetPolicy", **mine)["Policy"]["Description"] == "reads"
    sdk.call("AttachPolicyToUser", UserName=name, **mine)
    assert code(user, "ListAliases") == (403, "Forbidden.NoPermission")
    version = sdk.call("CreatePolicyVersion", PolicyName=name, PolicyDocument=document(MORE))
    assert version["PolicyVersion"]["VersionId"] == "v2"
    assert code(user, "ListAliases") == (403, "Forbidden.NoPermission")
    sdk.call("SetDefaultPolicyVersion", PolicyName=name, VersionId="v2")
    assert "Aliases" in user.call("ListAliases")
    told = sdk.call("GetPolicy", **mine)
    assert told["Policy"]["DefaultVersion"] == "v2"
    assert json.loads(told["DefaultPolicyVersion"]["PolicyDocument"])["Statement"] == [MORE]
    first = sdk.call("GetPolicyVersion", **mine, VersionId="v1")["PolicyVersion"]
    assert not first["IsDefaultVersion"]
    sdk.call("DeletePolicyVersion", PolicyName=name, VersionId="v1")
    versions = sdk.call("ListPolicyVersions", **mine)["PolicyVersions"]["PolicyVersion"]
    assert [one["VersionId"] for one in versions] == ["v2"]
    (holder,) = sdk.call("ListEntitiesForPolicy", **mine)["Users"]["User"]
    assert holder["UserName"] == name
    assert code(sdk, "DeletePolicy", PolicyName=name) == (409, "DeleteConflict.Policy.User")
    sdk.call("DetachPolicyFromUser", UserName=name, **mine)
    assert sdk.call("ListPoliciesForUser", UserName=name)["Policies"]["Policy"] == []
    sdk.call("DeletePolicy", PolicyName=name)
    listed = sdk.call("ListPolicies", PolicyType="Custom", MaxItems=1000)["Policies"]["Policy"]
    assert name not in [policy["PolicyName"] for policy in listed]


def test_roles_are_made_told_changed_listed_and_deleted(
    sdk: Sdk, kms: RunningKms, name: str
) -> None:
    text = trust(f"acs:ram::{kms.account_id}:root")
    made = sdk.call("CreateRole", RoleName=name, AssumeRolePolicyDocument=text)["Role"]
    assert made["Arn"] == f"acs:ram::{kms.account_id}:role/{name}"
    other = trust(f"acs:ram::{kms.account_id}:user/admin")
    change = {"NewAssumeRolePolicyDocument": other, "NewMaxSessionDuration": 7200}
    sdk.call("UpdateRole", RoleName=name, **change)
    told = sdk.call("GetRole", RoleName=name)["Role"]
    assert (told["AssumeRolePolicyDocument"], told["MaxSessionDuration"]) == (other, 7200)
    policy = {"PolicyType": "System", "PolicyName": "AliyunKMSReadOnlyAccess"}
    sdk.call("AttachPolicyToRole", RoleName=name, **policy)
    (held,) = sdk.call("ListPoliciesForRole", RoleName=name)["Policies"]["Policy"]
    assert held["PolicyName"] == policy["PolicyName"]
    assert code(sdk, "DeleteRole", RoleName=name) == (409, "DeleteConflict.Role.Policy")
    sdk.call("DetachPolicyFromRole", RoleName=name, **policy)
    roles = sdk.call("ListRoles", MaxItems=1000)["Roles"]["Role"]
    assert name in [role["RoleName"] for role in roles]
    sdk.call("DeleteRole", RoleName=name)
    assert code(sdk, "GetRole", RoleName=name) == (404, "EntityNotExist.Role")


@pytest.mark.parametrize("spelling", RAM_SDKS)
def test_an_open_role_is_told_of_in_a_member_that_the_sdks_do_not_mind(
    spelling: str, federated: Federated, name: str
) -> None:
    sdk = RAM_SDKS[spelling](federated.kms, federated.kms.access_key)
    whom = {"Principal": {"Federated": PROVIDER}}
    text = document({"Effect": "Allow", "Action": "sts:AssumeRole", **whom})
    made = sdk.call("CreateRole", RoleName=name, AssumeRolePolicyDocument=text)["Role"]
    assert made["AssumeRolePolicyDocument"] == text
    assert sdk.call("GetRole", RoleName=name)["Role"]["RoleName"] == name
    roles = sdk.call("ListRoles", MaxItems=1000)["Roles"]["Role"]
    assert name in [role["RoleName"] for role in roles]
    other = text.replace(PROVIDER, PROVIDER + "2")
    new = {"RoleName": name + "2", "AssumeRolePolicyDocument": other}
    assert code(sdk, "CreateRole", **new) == (404, "EntityNotExist.OIDCProvider")
    sdk.call("DeleteRole", RoleName=name)


def all_of(ram: Sdk, action: str, outer: str, inner: str, **parameters: str) -> list[str]:
    """The names in a list that is read an entry at a time."""
    found: list[str] = []
    marker = ""
    while True:
        page = ram.call(action, MaxItems=1, Marker=marker, **parameters)
        found += [one[f"{inner}Name"] for one in page[outer][inner]]
        if not page["IsTruncated"]:
            return found
        marker = page["Marker"]


def test_lists_are_cut_by_markers(ram: Sdk, name: str) -> None:
    """In an order of letters, digits and signs that is the same over every database."""
    names = [f"{name}-{end}" for end in ("B", "_", "a-c", "aB", "ab", "b")]
    ram.call("CreateGroup", GroupName=name)
    for one in reversed(names):
        ram.call("CreateUser", UserName=one)
        ram.call("AddUserToGroup", UserName=one, GroupName=name)
        ram.call("CreatePolicy", PolicyName=one, PolicyDocument=document(SOME))
    users = all_of(ram, "ListUsers", "Users", "User")
    assert [one for one in users if one.startswith(name)] == names
    assert len(users) == len(set(users))
    assert all_of(ram, "ListUsersForGroup", "Users", "User", GroupName=name) == names
    policies = all_of(ram, "ListPolicies", "Policies", "Policy")
    assert [one for one in policies if one.startswith(name)] == names
    assert policies == sorted(policies)
    assert "AliyunKMSFullAccess" in policies
