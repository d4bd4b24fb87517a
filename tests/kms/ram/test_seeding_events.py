# SPDX-License-Identifier: Apache-2.0
"""Whatever kms.yaml changes in RAM stands in the trail, and what it leaves as it is does not."""

import json
from dataclasses import replace
from typing import Any

import pytest

from sidecar.errors import Misconfigured
from sidecar.hsm import HsmThread
from sidecar.kms.accounts import Account, Group, OidcProvider, Role, User
from sidecar.kms.audit import tail, verify
from sidecar.kms.audit.index import Attribute, Query, search_all
from sidecar.kms.audit.record import CONFIGURATION
from sidecar.kms.ram import seeding
from sidecar.kms.ram.names import ROLE_NAME, USER_NAME
from sidecar.kms.ram.roster import Roster
from sidecar.kms.store import Database
from sidecar.kms.store.ram_tables import RamAttachment, RamUser
from sidecar.signing import AccessKey
from tests.fixtures.command import carry_out
from tests.fixtures.kms import RunningKms

NOW = 1_767_225_600
READ = (
    '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "kms:List*", "Resource": "*"}]}'
)
TRUST = (
    '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",'
    ' "Principal": {"RAM": "acs:ram::1:root"}}]}'
)
KEY = AccessKey("LTAIone", "canary-secret")
APP = User("app", "21", ("read",), (KEY,))
WHOLE = Account(
    "1",
    (APP,),
    groups=(Group("g", ("app",), ()),),
    roles=(Role("crm", "31", TRUST, ()),),
    policies={"read": READ},
)
KEY_WORDS = {"UserName": "app", "UserAccessKeyId": "LTAIone"}
ATTACHED = {"UserName": "app", "PolicyType": "Custom", "PolicyName": "read"}

type Told = dict[str, Any]


class Core:
    def __init__(self, hsm: HsmThread, database: Database) -> None:
        self._hsm = hsm
        self._database = database

    def plant(self, *accounts: Account) -> list[Told]:
        """The records of it."""
        before = self.records()
        self._hsm.run(lambda token: seeding.plant(self._database, token, accounts, NOW, "r"))
        return self.records()[len(before) :]

    def records(self) -> list[Told]:
        with self._database.snapshot() as connection:
            verify(connection)
            return [json.loads(link.record) for link in tail(connection, 99)]


@pytest.fixture
def core(hsm: HsmThread, database: Database) -> Core:
    return Core(hsm, database)


def words(records: list[Told]) -> list[tuple[str, Told]]:
    return [(one["eventName"], one["additionalEventData"]) for one in records]


def test_the_first_start_tells_everything_and_the_next_nothing(core: Core) -> None:
    assert words(core.plant(WHOLE)) == [
        ("CreateUser", {"UserName": "app"}),
        ("CreateGroup", {"GroupName": "g"}),
        ("CreateRole", {"RoleName": "crm"}),
        ("CreatePolicy", {"PolicyName": "read"}),
        ("AddUserToGroup", {"GroupName": "g", "UserName": "app"}),
        ("AttachPolicyToUser", ATTACHED),
        ("CreateAccessKey", KEY_WORDS),
    ]
    assert core.plant(WHOLE) == []
    assert "canary" not in json.dumps(core.records())


def test_a_record_has_the_shape_of_every_other(core: Core) -> None:
    (record, *_) = core.plant(WHOLE)
    assert record.pop("eventId")
    assert record == {
        "eventVersion": 1,
        "eventCategory": "Management",
        "eventType": "AliyunServiceEvent",
        "eventName": "CreateUser",
        "eventRW": "Write",
        "eventTime": "2026-01-01T00:00:00Z",
        "serviceName": "Ram",
        "acsRegion": "r",
        "isGlobal": True,
        "userIdentity": {"type": "system", "userName": "(configuration)"},
        "additionalEventData": {"UserName": "app"},
        "recipientAccountId": "1",
    }


@pytest.mark.parametrize(
    ("account", "told"),
    [
        (
            replace(WHOLE, policies={"read": READ.replace("List*", "*")}),
            [("CreatePolicyVersion", {"PolicyName": "read"})],
        ),
        (
            replace(WHOLE, users=(replace(APP, access_keys=(AccessKey("LTAIone", "new"),)),)),
            [("UpdateAccessKey", KEY_WORDS)],
        ),
        (
            replace(WHOLE, roles=(Role("crm", "31", TRUST, (), 900),)),
            [("UpdateRole", {"RoleName": "crm"})],
        ),
        (
            replace(WHOLE, users=(replace(APP, policies=()),), groups=(Group("g", (), ()),)),
            [
                ("RemoveUserFromGroup", {"GroupName": "g", "UserName": "app"}),
                ("DetachPolicyFromUser", ATTACHED),
            ],
        ),
        (
            replace(WHOLE, users=(), groups=(Group("g", (), ()),)),
            [
                ("DeleteAccessKey", KEY_WORDS),
                ("RemoveUserFromGroup", {"GroupName": "g", "UserName": "app"}),
                ("DetachPolicyFromUser", ATTACHED),
                ("DeleteUser", {"UserName": "app"}),
            ],
        ),
    ],
)
def test_a_change_of_the_file_is_told_alone(core: Core, account: Account, told: list[Told]) -> None:
    core.plant(WHOLE)
    assert words(core.plant(account)) == told
    assert core.plant(account) == []


PROVIDER = OidcProvider("cluster", "https://issuer", frozenset({"sts", "kms"}), "/keys.json")
BELIEVED = {"OIDCProviderName": "cluster", "IssuerUrl": "https://issuer", "ClientIds": "kms,sts"}


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"issuer": "https://other"}, {"IssuerUrl": "https://other"}),
        ({"audiences": frozenset({"kms", "sts", "more"})}, {"ClientIds": "kms,more,sts"}),
        ({"keys": "/other.json"}, {}),
        ({"ca": "/ca.pem"}, {}),
    ],
)
def test_whose_word_is_taken_for_workloads_is_told(
    core: Core, change: dict[str, Any], about: Told
) -> None:
    with_it = replace(WHOLE, providers=(PROVIDER,))
    changed = replace(WHOLE, providers=(replace(PROVIDER, **change),))
    core.plant(WHOLE)
    assert words(core.plant(with_it)) == [("CreateOIDCProvider", BELIEVED)]
    assert core.plant(with_it) == []
    assert words(core.plant(changed)) == [("UpdateOIDCProvider", {**BELIEVED, **about})]
    assert words(core.plant(WHOLE)) == [("DeleteOIDCProvider", {**BELIEVED, **about})]
    assert core.plant(WHOLE) == []


def test_what_the_api_hung_on_a_user_that_goes_is_told_as_well(
    core: Core, database: Database
) -> None:
    core.plant(WHOLE)
    attached = ("User", "app", "System", "AdministratorAccess")
    names = ("kind", "holder", "policy_type", "policy")
    with database.transaction() as connection:
        roster = Roster(connection, "1")
        row = dict(zip(names, attached, strict=True))
        roster.add(RamAttachment(account="1", is_seeded=False, created_at=NOW, **row))
        roster.changed()
    gone = replace(WHOLE, users=(), groups=())
    about = {**ATTACHED, "PolicyType": "System", "PolicyName": "AdministratorAccess"}
    assert ("DetachPolicyFromUser", about) in words(core.plant(gone))


def test_an_account_that_goes_is_told_in_its_own_trail(core: Core, database: Database) -> None:
    core.plant(WHOLE, Account("2", ()))
    core.plant(Account("2", ()))
    with database.snapshot() as connection:
        found = search_all(connection, Query("1", "r", 0, NOW, {Attribute.EventName: "DeleteUser"}))
        assert len(list(found)) == 1
        found = search_all(connection, Query("2", "r", 0, NOW, {}))
        assert list(found) == []


def test_what_could_not_be_planted_is_not_told(core: Core, database: Database) -> None:
    values = {"comments": "", "display_name": "", "created_at": NOW, "updated_at": NOW}
    with database.transaction() as connection:
        roster = Roster(connection, "1")
        roster.add(RamUser(account="1", name="app", id="99", is_seeded=False, **values))
        roster.changed()
    with pytest.raises(Misconfigured):
        core.plant(WHOLE)
    assert core.records() == []


def test_nobody_can_be_taken_for_the_configuration(core: Core) -> None:
    name = CONFIGURATION["userName"]
    assert not USER_NAME.fullmatch(name)
    assert not ROLE_NAME.fullmatch(name.partition(":")[0])


def test_what_the_configuration_did_is_found_by_its_name(kms: RunningKms) -> None:
    found = carry_out(
        *("kms", "audit", "query", "--dir", kms.directory, "--json"),
        *("--account", kms.account_id, "--user", "(configuration)"),
    )
    assert '"CreateUser"' in found
