# SPDX-License-Identifier: Apache-2.0
"""What is due is done once, is recorded, and what it must leave alone is left alone."""

import json
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from sidecar.hsm import HsmThread, Token
from sidecar.kms.audit import tail, verify
from sidecar.kms.limits import Quotas
from sidecar.kms.service import ciphertext
from sidecar.kms.service.material import holder_of, make_material
from sidecar.kms.service.rotation import DAY
from sidecar.kms.store import DELETED, Cmk, Database, Label, Shelf
from sidecar.kms.upkeep import Upkeep

WEEK = 7 * DAY
ACCOUNT = "1000000000000001"


class Clock:
    now = 1_000_000_000

    def __call__(self) -> float:
        return self.now


class World:
    """A token and a database with a clock that the test turns; `upkeeps` are two replicas."""

    def __init__(self, hsm: HsmThread, file: Path) -> None:
        self.hsm = hsm
        self.clock = Clock()
        self.databases = Database.sqlite(file), Database.sqlite(file)
        self.database = self.databases[0]
        self.quotas = {ACCOUNT: Quotas(versions=12, versions_per_key=3)}
        self.upkeeps = [Upkeep(hsm, one, self.quotas, self.clock) for one in self.databases]
        self.upkeep = self.upkeeps[0]

    def make(self, **members: str | float | None) -> Cmk:
        now = int(self.clock())
        cmk = Cmk(
            *(str(uuid.uuid4()), ACCOUNT, "r", ACCOUNT, "", "Aliyun_AES_256", "ENCRYPT/DECRYPT"),
            *("Aliyun_KMS", "HSM", "Enabled", str(uuid.uuid4()), now),
            rotated_at=now,
        )._replace(**members)

        def work(token: Token) -> None:
            with self.database.transaction() as connection:
                material = make_material(token, cmk, cmk.primary_version)
                Shelf(connection, ACCOUNT, "r").add_key(cmk, material)

        self.hsm.run(work)
        return cmk

    def state(self, cmk: Cmk) -> Cmk:
        """The CMK now, also where nobody finds it any more."""
        with self.database.snapshot() as connection:
            names = ", ".join(Cmk._fields)
            asked = f"SELECT {names} FROM cmk WHERE key_id = '{cmk.key_id}'"
            return Cmk(*connection.exec_driver_sql(asked).one())

    def versions(self, cmk: Cmk) -> list[str]:
        with self.database.snapshot() as connection:
            shelf = Shelf(connection, ACCOUNT, "r")
            return [version.version_id for version in shelf.versions.all_of(cmk.key_id)]

    def held(self) -> set[str]:
        return {key_id.decode() for key_id in self.hsm.run(Token.list_key_ids)}

    def records(self) -> list[dict[str, object]]:
        with self.database.snapshot() as connection:
            verify(connection)
            return [json.loads(link.record) for link in tail(connection, 100)]


@pytest.fixture
def world(hsm: HsmThread, tmp_path: Path) -> Iterator[World]:
    world = World(hsm, tmp_path / "kms.db")
    world.database.migrate()
    yield world
    for database in world.databases:
        database.close()


def test_a_cmk_rotates_when_its_interval_is_over_and_not_before(world: World) -> None:
    cmk = world.make(rotation_interval=WEEK)
    world.clock.now += WEEK - 1
    world.upkeep.catch_up()
    assert world.versions(cmk) == [cmk.primary_version]
    world.clock.now += 1
    world.upkeep.catch_up()
    newest, oldest = world.versions(cmk)
    assert oldest == cmk.primary_version
    after = world.state(cmk)
    assert (after.primary_version, after.rotated_at) == (newest, world.clock.now)
    world.upkeep.catch_up()
    assert len(world.versions(cmk)) == 2
    (record,) = world.records()
    assert record["eventName"] == "RotateKey"
    assert record["recipientAccountId"] == ACCOUNT
    assert record["referencedResources"] == {"ACS::KMS::Key": [cmk.key_id]}


def test_what_was_encrypted_before_a_rotation_opens_after_it(world: World) -> None:
    cmk = world.make(rotation_interval=WEEK)

    def encrypt(token: Token) -> ciphertext.Blob:
        with world.database.snapshot() as connection:
            shelf = Shelf(connection, ACCOUNT, "r")
            holder = holder_of(token, shelf, cmk, cmk.primary_version)
            return ciphertext.encrypt(holder, cmk.primary_version, b"YQ==", {})

    blob = world.hsm.run(encrypt)
    world.clock.now += WEEK
    world.upkeep.catch_up()

    def decrypt(token: Token) -> bytes:
        with world.database.snapshot() as connection:
            shelf = Shelf(connection, ACCOUNT, "r")
            found = shelf.find_key_of_version(blob.version_id)
            assert found is not None
            assert found.primary_version != blob.version_id
            return ciphertext.decrypt(holder_of(token, shelf, found, blob.version_id), blob, {})

    assert world.hsm.run(decrypt) == b"YQ=="


@pytest.mark.parametrize("state", ["Disabled", "PendingDeletion", DELETED])
def test_a_cmk_that_is_not_enabled_does_not_rotate(world: World, state: str) -> None:
    cmk = world.make(rotation_interval=WEEK, state=state)
    world.clock.now += 2 * WEEK
    world.upkeep.catch_up()
    assert world.versions(cmk) == [cmk.primary_version]


def test_rotation_goes_on_past_what_calls_may_make_and_ends_at_the_quota_of_the_account(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    one, other = world.make(rotation_interval=WEEK), world.make(rotation_interval=2 * WEEK)
    for _ in range(4):
        world.clock.now += WEEK
        world.upkeep.catch_up()
    assert [len(world.versions(cmk)) for cmk in (one, other)] == [5, 3]
    for _ in range(4):
        world.clock.now += WEEK
        world.upkeep.catch_up()
    assert sum(len(world.versions(cmk)) for cmk in (one, other)) == 12
    assert f"CMK {one.key_id} is not rotated: too many versions" in caplog.text


def test_replicas_that_look_at_the_same_time_rotate_once(world: World) -> None:
    cmks = [world.make(rotation_interval=WEEK) for _ in range(5)]
    world.clock.now += WEEK
    threads = [threading.Thread(target=upkeep.catch_up) for upkeep in world.upkeeps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(world.versions(cmk)) for cmk in cmks] == [2] * 5
    assert len(world.held()) == 10


def test_a_deleted_cmk_has_no_material_no_alias_and_no_tag_and_its_id_stays_taken(
    world: World,
) -> None:
    kept = world.make()
    cmk = world.make(rotation_interval=WEEK)
    world.clock.now += WEEK
    world.upkeep.catch_up()
    with world.database.transaction() as connection:
        shelf = Shelf(connection, ACCOUNT, "r")
        shelf.add_alias(Label("alias/gone", cmk.key_id), 0)
        shelf.add_alias(Label("alias/kept", kept.key_id), 0)
        shelf.tags.put(cmk.key_id, {"a": "b"})
        shelf.change(cmk, state="PendingDeletion", delete_at=world.clock.now + WEEK)
    world.clock.now += WEEK - 1
    world.upkeep.catch_up()
    assert len(world.held()) == 3
    world.clock.now += 1
    world.upkeep.catch_up()
    assert world.held() == {kept.primary_version}
    assert world.state(cmk).state == DELETED
    with world.database.snapshot() as connection:
        shelf = Shelf(connection, ACCOUNT, "r")
        assert shelf.find_key(cmk.key_id) is None
        assert shelf.find_key_of_version(cmk.primary_version) is None
        assert shelf.count_keys() == 1
        assert [label.name for label in shelf.list_aliases(0, 9)] == ["alias/kept"]
        assert shelf.tags.of(cmk.key_id) == {}
    names = [record["eventName"] for record in world.records()]
    assert names == ["RotateKey", "DeleteKey", "DestroyKeyMaterial"]


def test_nothing_is_left_of_material_that_the_database_kept_sealed(world: World) -> None:
    cmk = world.make(protection_level="SOFTWARE", state="PendingDeletion", delete_at=0)
    assert world.held() == set()
    world.upkeep.catch_up()
    with world.database.snapshot() as connection:
        found = Shelf(connection, ACCOUNT, "r").materials.find(cmk.key_id, cmk.primary_version)
    assert found is not None
    assert not found.is_there


def test_material_that_a_crash_left_is_destroyed_at_the_next_look(world: World) -> None:
    cmk = world.make(
        state=DELETED, delete_at=0
    )  # the first step is durable, the second never began
    assert world.held() == {cmk.primary_version}
    world.upkeep.catch_up()
    assert world.held() == set()


def test_no_error_ends_the_upkeep_or_tells_a_value(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def broken_clock() -> float:
        raise ValueError("canary")

    cmk = world.make(rotation_interval=WEEK)
    Upkeep(world.hsm, world.database, world.quotas, broken_clock).catch_up()
    assert "what is due has to wait: ValueError" in caplog.text
    assert "canary" not in caplog.text
    assert world.versions(cmk) == [cmk.primary_version]


def test_a_token_that_is_away_puts_things_off(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    cmk = world.make(rotation_interval=WEEK)
    world.clock.now += WEEK
    world.hsm.close()
    world.upkeep.catch_up()
    assert "what is due has to wait" in caplog.text
    assert world.versions(cmk) == [cmk.primary_version]
