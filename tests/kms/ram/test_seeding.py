# SPDX-License-Identifier: Apache-2.0
"""What kms.yaml says is in the store after each start, and what it says no more is not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from sidecar.errors import Misconfigured
from sidecar.hsm import HsmThread, Pkcs11Uri, Token
from sidecar.kms.accounts import Account, Group, Role, User
from sidecar.kms.policy import Policy
from sidecar.kms.ram import seeding
from sidecar.kms.ram.caller import Caller
from sidecar.kms.ram.directory import Directory
from sidecar.kms.ram.roster import Roster, revision
from sidecar.kms.store import Database
from sidecar.kms.store.ram_tables import RamAccessKey, RamPolicy, RamUser
from sidecar.signing import AccessKey
from sidecar.signing.failures import InactiveAccessKey

NOW = 1_767_225_600
READ = (
    '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "kms:List*", "Resource": "*"}]}'
)
WRITE = READ.replace("List*", "*")
KEY, SECOND = AccessKey("LTAIone", "canary-secret"), AccessKey("LTAItwo", "another")
APP = User("app", "21", ("read",), (KEY,))
TRUST = (
    '{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",'
    ' "Principal": {"RAM": "acs:ram::1:root"}}]}'
)


def account(*users: User, **more: object) -> Account:
    return Account("1", users, policies={"read": READ}, **more)  # type: ignore[arg-type]


@pytest.fixture
def hsm(token_uri: Pkcs11Uri) -> Iterator[HsmThread]:
    with HsmThread(token_uri) as hsm:
        hsm.run(Token.prepare)
        yield hsm


class Core:
    """A store and a token, into which accounts are planted."""

    def __init__(self, hsm: HsmThread, database: Database) -> None:
        self._hsm = hsm
        self._database = database

    def plant(self, *accounts: Account) -> str:
        """The revision after it."""
        self._hsm.run(lambda token: seeding.plant(self._database, token, accounts, NOW))
        with self._database.transaction() as connection:
            return revision(connection)

    def find(self, key_id: str, *accounts: Account) -> Caller | None:
        def work(token: Token) -> Caller | None:
            with self._database.transaction() as connection:
                return Directory(accounts).find(connection, token, key_id)

        return self._hsm.run(work)


@pytest.fixture
def core(hsm: HsmThread, database: Database) -> Core:
    return Core(hsm, database)


def test_a_user_is_found_by_its_key_with_what_holds_for_it(core: Core) -> None:
    one = account(APP, groups=(Group("g", ("app",), ("AliyunKMSCryptoUserAccess",)),))
    core.plant(one)
    caller = core.find("LTAIone", one)
    assert caller is not None
    assert (caller.name, caller.id, caller.access_key) == ("app", "21", KEY)
    assert [policy.name for policy in caller.policies] == ["read", "AliyunKMSCryptoUserAccess"]
    assert isinstance(caller.policies[0], Policy)
    assert "canary-secret" not in repr(caller)
    assert core.find("LTAIone", Account("2", ())) is None  # an account that is configured no more


def test_planting_again_changes_nothing(core: Core) -> None:
    one = account(APP, roles=(Role("crm", "31", TRUST, ("read",)),))
    assert core.plant(one) == core.plant(one)


def test_what_is_said_no_more_is_gone(core: Core) -> None:
    core.plant(account(APP, User("old", "22", ("read",), (SECOND,))))
    before = core.plant(account(APP))
    assert core.find("LTAItwo", account(APP)) is None
    assert core.plant(account(User("app", "21", (), (KEY,)))) != before
    caller = core.find("LTAIone", account(APP))
    assert caller is not None
    assert caller.policies == ()


def test_what_is_said_anew_is_set_right(core: Core) -> None:
    core.plant(account(APP))
    changed = User("app", "21", ("read",), (AccessKey("LTAIone", "new-secret"),))
    written = Account("1", (changed,), policies={"read": WRITE})
    core.plant(written)
    caller = core.find("LTAIone", written)
    assert caller is not None
    assert caller.access_key.secret == "new-secret"
    assert caller.policies[0].statements[0].actions == ("kms:*",)


def test_a_user_may_be_renamed_with_its_id_and_keys(core: Core) -> None:
    core.plant(account(APP))
    core.plant(account(User("shop", "21", ("read",), (KEY,))))
    caller = core.find("LTAIone", account(APP))
    assert caller is not None
    assert (caller.name, caller.id) == ("shop", "21")


def test_what_was_made_elsewhere_stays(core: Core, database: Database) -> None:
    core.plant(account(APP))
    with database.transaction() as connection:
        roster = Roster(connection, "1")
        times = {"created_at": NOW, "updated_at": NOW}
        more = {"display_name": "", "comments": "", "is_seeded": False, **times}
        roster.add(RamUser(account="1", name="made", id="99", **more))
        roster.changed()
    core.plant(account(APP))
    with database.transaction() as connection:
        assert [one.name for one in Roster(connection, "1").page(RamUser)] == ["app", "made"]


def test_a_key_that_was_set_aside_stays_so(core: Core, database: Database) -> None:
    core.plant(account(APP))
    with database.transaction() as connection:
        roster = Roster(connection, "1")
        roster.access_keys("app")[0].is_active = False
        roster.changed()
    core.plant(account(APP))
    with pytest.raises(InactiveAccessKey):
        core.find("LTAIone", account(APP))


def test_no_secret_stands_in_the_database(core: Core, database: Database, file: Path) -> None:
    core.plant(account(APP))
    with database.transaction() as connection:
        assert connection.execute(select(RamAccessKey.id)).scalars().all() == ["LTAIone"]
        assert connection.execute(select(RamPolicy.name)).scalars().all() == ["read"]
    for part in file.parent.glob(file.name + "*"):
        assert b"canary-secret" not in part.read_bytes()


def test_a_sealed_secret_opens_for_its_own_key_alone(core: Core, database: Database) -> None:
    """Whoever writes to the database gives nobody the secret of another."""
    core.plant(account(APP, User("eve", "22", (), (SECOND,))))
    with database.transaction() as connection:
        roster = Roster(connection, "1")
        theirs, mine = roster.access_keys("app")[0], roster.access_keys("eve")[0]
        theirs.sealed_secret = mine.sealed_secret
        roster.changed()
    with pytest.raises(Exception, match="does not open access-key/LTAIone"):
        core.find("LTAIone", account(APP))


def test_an_id_of_another_account_is_refused(core: Core) -> None:
    core.plant(account(APP))
    other = Account("2", (User("x", "77", (), (KEY,)),))
    with pytest.raises(Misconfigured, match="access key LTAIone is of another account"):
        core.plant(other)
    with pytest.raises(Misconfigured, match="account 2: an id in the configuration"):
        core.plant(Account("2", (User("x", "21", (), ()),)))
