# SPDX-License-Identifier: Apache-2.0
"""What kms.yaml says is in the store after each start, and what it says no more is not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from sidecar.errors import Misconfigured
from sidecar.hsm import HsmThread, Token, softhsm
from sidecar.kms.accounts import Account, Group, Role, User
from sidecar.kms.policy import Policy
from sidecar.kms.ram import seeding
from sidecar.kms.ram.caller import Caller
from sidecar.kms.ram.directory import Directory
from sidecar.kms.ram.names import Kind, PolicyType
from sidecar.kms.ram.roster import Roster, Row, revision
from sidecar.kms.ram.sessions import Terms, open_session
from sidecar.kms.store import Database
from sidecar.kms.store.ram_tables import (
    RamAccessKey,
    RamAttachment,
    RamGroup,
    RamMember,
    RamPolicy,
    RamRole,
    RamUser,
)
from sidecar.signing import AccessKey
from sidecar.signing.failures import InactiveAccessKey

NOW = 1_767_225_600
TIMES = {"created_at": NOW, "updated_at": NOW}
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


@pytest.fixture(scope="module")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HsmThread]:
    with HsmThread(softhsm.provision(tmp_path_factory.mktemp("seeding") / "hsm")) as hsm:
        hsm.run(Token.prepare)
        yield hsm


class Core:
    """A store and a token, into which accounts are planted."""

    def __init__(self, hsm: HsmThread, database: Database) -> None:
        self._hsm = hsm
        self._database = database

    def plant(self, *accounts: Account) -> str:
        """The revision after it."""
        self._hsm.run(lambda token: seeding.plant(self._database, token, accounts, NOW, "r"))
        with self._database.transaction() as connection:
            return revision(connection)

    def find(self, key_id: str, *accounts: Account) -> Caller | None:
        def work(token: Token) -> Caller | None:
            with self._database.transaction() as connection:
                return Directory(accounts).find(connection, token, key_id)

        return self._hsm.run(work)

    def assume(self, role: str) -> str:
        """Open a session of a role; its access key id."""

        def work(token: Token) -> str:
            with self._database.transaction() as connection:
                row = Roster(connection, "1").find(RamRole, role)
                assert row is not None
                terms = Terms("me", NOW, 900, "")
                return open_session(connection, token, row, terms).access_key_id

        return self._hsm.run(work)


@pytest.fixture
def core(hsm: HsmThread, database: Database) -> Core:
    return Core(hsm, database)


def make(database: Database, table: type[Row], **values: object) -> None:
    """A row as the API makes it."""
    usual = {"comments": "", "is_active": True, "is_seeded": False, **TIMES}
    known = {name: one for name, one in usual.items() if hasattr(table, name)}
    with database.transaction() as connection:
        roster = Roster(connection, "1")
        roster.add(table(account="1", **known | values))
        roster.changed()


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
    make(database, RamUser, name="made", id="99", display_name="")
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


def test_an_id_of_another_is_refused(core: Core, database: Database) -> None:
    make(database, RamUser, name="made", id="99", display_name="")
    with pytest.raises(Misconfigured, match="account 2: an id in the configuration is another's"):
        core.plant(Account("2", (User("x", "99"),)))


NOTHING = {"comments": "", "id": "99"}
MADE: list[tuple[str, type[Row], dict[str, object]]] = [
    ("user app", RamUser, {**NOTHING, "name": "app", "display_name": ""}),
    ("group g", RamGroup, {**NOTHING, "name": "g"}),
    (
        "role crm",
        RamRole,
        {"id": "99", "name": "crm", "description": "", "trust": TRUST, "max_session": 3600},
    ),
    (
        "policy read",
        RamPolicy,
        {"name": "read", "description": "", "default_version": 1, "last_version": 1},
    ),
    ("access key LTAIone", RamAccessKey, {"id": "LTAIone", "user": "eve", "sealed_secret": b""}),
]


@pytest.mark.parametrize(("what", "table", "values"), MADE, ids=[what for what, *_ in MADE])
def test_nothing_is_taken_over_that_the_api_made(
    what: str, table: type[Row], values: dict[str, object], core: Core, database: Database
) -> None:
    """Or whoever may make a user would keep a key to the one that the file gives rights to."""
    make(database, table, **values)
    full = account(
        APP, groups=(Group("g", ("app",), ()),), roles=(Role("crm", "31", TRUST, ("read",)),)
    )
    with pytest.raises(Misconfigured, match=f"account 1: the {what} in the configuration was made"):
        core.plant(full)
    with database.transaction() as connection:
        assert [row.is_seeded for row in Roster(connection, "1").all_of(table)] == [False]


def test_what_stands_between_them_may_have_been_made_before(core: Core, database: Database) -> None:
    core.plant(account(User("app", "21", (), (KEY,)), groups=(Group("g", (), ()),)))
    held = {"holder": "app", "policy_type": PolicyType.CUSTOM, "policy": "read"}
    make(database, RamAttachment, kind=Kind.USER, **held)
    make(database, RamMember, group="g", user="app")
    core.plant(account(APP, groups=(Group("g", ("app",), ()),)))
    core.plant(account(User("app", "21", (), (KEY,)), groups=(Group("g", (), ()),)))
    with database.transaction() as connection:
        assert Roster(connection, "1").all_of(RamAttachment) == []
        assert Roster(connection, "1").all_of(RamMember) == []


def test_a_key_that_was_set_aside_stays_so_under_another_user_and_account(
    core: Core, database: Database
) -> None:
    core.plant(account(APP))
    with database.transaction() as connection:
        roster = Roster(connection, "1")
        roster.access_keys("app")[0].is_active = False
        roster.changed()
    renamed = account(User("shop", "21", (), (KEY,)))
    moved = Account("2", (User("shop", "21", (), (KEY,)),))
    for now in (renamed, moved, account(APP)):
        core.plant(now)
        with pytest.raises(InactiveAccessKey):
            core.find(KEY.id, now)


def test_an_account_that_is_said_no_more_is_gone_and_its_ids_are_free(core: Core) -> None:
    first, other = account(APP), Account("2", (User("app", "22", (), (SECOND,)),))
    core.plant(first, other)
    alone = account(APP, User("second", "22", (), (SECOND,)))
    core.plant(alone)
    caller = core.find(SECOND.id, alone, other)
    assert caller is not None
    assert (caller.account.id, caller.name) == ("1", "second")
    core.plant(other, first)
    caller = core.find(SECOND.id, first, other)
    assert caller is not None
    assert (caller.account.id, caller.name) == ("2", "app")


def test_the_sessions_of_a_role_do_not_come_back_with_it(core: Core, database: Database) -> None:
    crm = account(APP, roles=(Role("crm", "31", TRUST, ("read",)),))
    core.plant(crm)
    key_id = core.assume("crm")
    assert core.find(key_id, crm) is not None
    core.plant(account(APP))
    assert core.find(key_id, crm) is None
    core.plant(crm)
    assert core.find(key_id, crm) is None


def test_a_role_is_what_the_file_says_now(core: Core, database: Database) -> None:
    core.plant(account(APP, roles=(Role("crm", "31", TRUST, ("read",)),)))
    other = TRUST.replace("root", "user/app")
    core.plant(account(APP, roles=(Role("crm", "31", other, (), 7200),)))
    with database.transaction() as connection:
        roster = Roster(connection, "1")
        (role,) = roster.page(RamRole)
        assert (role.trust, role.max_session) == (other, 7200)
        assert roster.attachments_of(Kind.ROLE, "crm") == []


def test_long_names_of_groups_may_begin_alike(core: Core, database: Database) -> None:
    names = ["g" * 63 + letter for letter in "ab"]
    core.plant(account(APP, groups=tuple(Group(name, (), ()) for name in names)))
    with database.transaction() as connection:
        assert [one.name for one in Roster(connection, "1").page(RamGroup)] == names
