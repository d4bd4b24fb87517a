# SPDX-License-Identifier: Apache-2.0
"""Over any policies, the core, its simulation and the oracle come to the same."""

import base64
import json
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from sidecar.hsm import Token
from sidecar.kms.accounts import Account, Group, Role, User
from sidecar.kms.faults import Fault
from sidecar.kms.policy import RequestFacts
from sidecar.kms.ram.roster import Roster
from sidecar.kms.simulation import RIGHTS, list_callers, simulate
from sidecar.kms.store import Key, Shelf
from sidecar.signing import AccessKey
from tests.kms.policy.oracle import ADDRESSES, NOW, Document, Request, policies, verdict
from tests.kms.ram.inside import REGION, STS, Asked, Inside, core

ADMIN, APP, FOREIGN = (AccessKey(f"LTAI{name}", name) for name in ("admin", "app", "foreign"))
NOTHING = '{"Version": "1", "Statement": [{"Effect": "Deny", "Action": "a:b", "Resource": "*"}]}'
TRUST = json.dumps(
    {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"RAM": "acs:ram::1:user/admin"},
            }
        ],
    }
)
FULL = ("AliyunKMSFullAccess", "AliyunSTSAssumeRoleAccess")
POLICIES = {"own": NOTHING, "of-group": NOTHING, "of-role": NOTHING}
ACCOUNTS = (
    Account(
        "1",
        (User("admin", "21", FULL, (ADMIN,)), User("app", "22", ("own",), (APP,))),
        groups=(Group("g", ("app",), ("of-group",)),),
        roles=(Role("crm", "31", TRUST, ("of-role",)),),
        policies=POLICIES,
    ),
    Account("2", (User("app", "23", ("own",), (FOREIGN,)),), policies=POLICIES),
)
HELD = {("1", "user"): ("own", "of-group"), ("1", "role"): ("of-role",), ("2", "user"): ("own",)}
NAMES = ("user/app", "role/crm", "root", "*")
PRINCIPALS = tuple(f"acs:ram::{account}:{name}" for account in "12" for name in NAMES)
WHOLE = ("ListKeyVersions", "DescribeKey", "GetPublicKey")
"""Read by another account as well, where the policy of the CMK names it."""


class World(NamedTuple):
    """A core with one CMK, and three who call: a user, a role, and a user of another account."""

    inside: Inside
    cmk: str
    blob: str
    callers: dict[tuple[str, str], AccessKey]

    @property
    def arn(self) -> str:
        return f"acs:kms:{REGION}:1:key/{self.cmk}"

    def calls(self) -> dict[str, dict[str, str]]:
        """Calls that need one right each, and that nothing else is against."""
        named, tags = {"KeyId": self.arn}, '[{"TagKey":"a","TagValue":"b"}]'
        several = {"ResourceId.1": self.cmk, "ResourceType": "key"}
        return {
            "DescribeKey": named,
            "ListKeyVersions": named,
            "GenerateDataKey": named,
            "GenerateDataKeyWithoutPlaintext": named,
            "Encrypt": {**named, "Plaintext": base64.b64encode(b"a").decode()},
            "Decrypt": {"CiphertextBlob": self.blob},
            "DisableKey": named,
            "UpdateKeyDescription": {**named, "Description": "d"},
            "ScheduleKeyDeletion": {**named, "PendingWindowInDays": "7"},
            "GetKeyPolicy": named,
            "ListAliasesByKeyId": named,
            "ListResourceTags": named,
            "TagResource": {**named, "Tags": tags},
            "UntagResource": {**named, "TagKeys": '["a"]'},
            "TagResources": {**several, "Tag.1.Key": "a", "Tag.1.Value": "b"},
            "UntagResources": {**several, "TagKey.1": "a"},
            "ListTagResources": several,
            "SetDeletionProtection": {
                "ProtectedResourceArn": self.arn,
                "EnableDeletionProtection": "true",
            },
        }

    def write(self, of: dict[tuple[str, str], Document], key: Document | None) -> None:
        """Let the store hold these policies, by account and name, and this one on the CMK."""

        def work(_: Token) -> None:
            with self.inside.database.transaction() as connection:
                for (account, name), document in of.items():
                    roster = Roster(connection, account)
                    (version,) = roster.versions_of(name)
                    version.document = json.dumps(document)
                    roster.changed()
                text = json.dumps(key) if key else ""
                connection.execute(update(Key).values(policy=text))

        self.inside.hsm.run(work)

    def tag(self, team: str | None) -> None:
        named = {"KeyId": self.cmk}
        self.write({}, None)
        if team is None:
            self.inside.call("UntagResource", ADMIN, **named, TagKeys='["team"]')
        else:
            tags = json.dumps([{"TagKey": "team", "TagValue": team}])
            self.inside.call("TagResource", ADMIN, **named, Tags=tags)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with core(tmp_path_factory.mktemp("agreement"), *ACCOUNTS) as inside:
        cmk = str(inside.call("CreateKey", ADMIN)["KeyMetadata"]["KeyId"])  # type: ignore[index]
        blob = str(inside.call("GenerateDataKey", ADMIN, KeyId=cmk)["CiphertextBlob"])
        role = {"RoleArn": "acs:ram::1:role/crm", "RoleSessionName": "me"}
        made = inside.call("AssumeRole", ADMIN, STS, **role)["Credentials"]
        assert isinstance(made, dict)
        session = AccessKey(made["AccessKeyId"], made["AccessKeySecret"], made["SecurityToken"])
        callers = {("1", "user"): APP, ("1", "role"): session, ("2", "user"): FOREIGN}
        yield World(inside, cmk, blob, callers)


def simulated(world: World, source_ip: str, *, is_secure: bool) -> dict[tuple[str, str, str], bool]:
    """What simulation says, by account, kind and action."""
    facts = RequestFacts(source_ip, NOW, secure_transport=is_secure)
    rights = [RIGHTS[f"kms:{action}"] for action in world.calls()]

    def work(_: Token) -> dict[tuple[str, str, str], bool]:
        with world.inside.database.snapshot() as connection:
            cmk = Shelf(connection, "1", REGION).find_key(world.cmk)
            assert cmk is not None
            callers = [one for account in ACCOUNTS for one in list_callers(connection, account)]
            return {
                (one.caller.account.id, one.caller.kind, one.right.action.name): (
                    one.decision.is_allowed
                )
                for one in simulate(connection, callers, rights, [cmk], facts)
                if one.caller.name != "admin"
            }

    return world.inside.hsm.run(work)


def done(world: World, source_ip: str, *, is_secure: bool) -> dict[tuple[str, str, str], bool]:
    """What the core says to dry runs of the same calls."""
    asked = {
        (*caller, action): Asked(
            action, {**parameters, "DryRun": "true"}, key, source_ip=source_ip, is_secure=is_secure
        )
        for caller, key in world.callers.items()
        for action, parameters in world.calls().items()
    }
    outcomes = world.inside.together(*asked.values())
    return {
        name: isinstance(outcome, Fault) and outcome.fault_code == "DryRunOperationError"
        for name, outcome in zip(asked, outcomes, strict=True)
    }


def foretold(
    world: World, of: dict[tuple[str, str], Document], key: Document | None, request: Request
) -> dict[tuple[str, str, str], bool]:
    """What the oracle says."""
    told = {}
    for (account, kind), held in HELD.items():
        name = "user/app" if kind == "user" else "role/crm"
        names = frozenset(f"acs:ram::{account}:{one}" for one in (name, "root", "*"))
        for action in world.calls():
            right = RIGHTS[f"kms:{action}"]
            encrypts = {"Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"}
            algorithm = "SYMMETRIC_DEFAULT" if action in encrypts else None
            asked = request._replace(action=right.name, algorithm=algorithm)
            said = verdict(
                asked,
                [of[account, one] for one in held],
                key=key,
                names=names,
                account=account,
                owner="1",
            )
            is_near = account == "1" or action in encrypts or action in WHOLE
            told[account, kind, action] = said == "Allow" and is_near
    return told


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    documents=st.lists(policies(), min_size=4, max_size=4),
    key=st.none() | policies(principals=PRINCIPALS),
    source_ip=st.sampled_from(ADDRESSES),
    is_secure=st.booleans(),
    team=st.sampled_from((None, "crm", "10")),
)
def test_all_three_agree(
    world: World,
    *,
    documents: list[Document],
    key: Document | None,
    source_ip: str,
    is_secure: bool,
    team: str | None,
) -> None:
    places = [("1", "own"), ("1", "of-group"), ("1", "of-role"), ("2", "own")]
    of = dict(zip(places, documents, strict=True))
    world.tag(team)
    world.write(of, key)
    request = Request("", world.arn, source_ip, is_secure, team)
    says = done(world, source_ip, is_secure=is_secure)
    assert simulated(world, source_ip, is_secure=is_secure) == says
    assert foretold(world, of, key, request) == says


def test_re_encrypting_is_two_rights(world: World) -> None:
    """ReEncrypt by itself is none: RAM is asked for one on either side."""
    assert "kms:ReEncrypt" not in RIGHTS
    call = {"CiphertextBlob": world.blob, "DestinationKeyId": world.cmk, "DryRun": "true"}
    for allowed, code in (
        (["kms:ReEncryptFrom", "kms:ReEncryptTo"], "DryRunOperationError"),
        (["kms:ReEncryptFrom"], "AccessDeniedError"),
        (["kms:ReEncrypt"], "AccessDeniedError"),
    ):
        statement = {"Effect": "Allow", "Action": allowed, "Resource": "*"}
        own: Document = {"Version": "1", "Statement": [statement]}
        world.write({("1", "own"): own, ("1", "of-group"): json.loads(NOTHING)}, None)
        with pytest.raises(Fault) as caught:
            world.inside.call("ReEncrypt", APP, **call)
        assert caught.value.fault_code == code
