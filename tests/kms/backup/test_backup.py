# SPDX-License-Identifier: Apache-2.0
"""The restore drill: what was sealed before the fire opens after it, and nothing else gets out."""

from __future__ import annotations

import copy
import json
import shutil
import stat
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from sidecar.cli.kms_client import KmsClient
from sidecar.errors import Misconfigured
from sidecar.kms import audit
from sidecar.kms.backup import restore, take
from sidecar.kms.config import load_kms_config
from sidecar.kms.store import Database, Pairs, list_pairs
from tests.fixtures.command import SIDECAR
from tests.fixtures.kms import RunningKms
from tests.fixtures.postgresql import Postgresql
from tests.kms.refusals import refusal, told

type MakeKms = Callable[[], RunningKms]
type Restored = Callable[[RunningKms, Path], RunningKms]

PASSPHRASE = b"correct horse battery staple"


@pytest.fixture
def restored() -> Iterator[Restored]:
    """The core that a backup made, for the clients of the one it was taken from."""
    made: list[RunningKms] = []

    def make(kms: RunningKms, directory: Path) -> RunningKms:
        other = copy.copy(kms)
        other.directory, other._listen, other._service = directory, "127.0.0.1:0", None
        other.log = directory.parent / "restored.log"
        made.append(other)
        return other

    yield make
    for each in made:
        each.close()


def test_the_drill(make_kms: MakeKms, restored: Restored, tmp_path: Path) -> None:
    kms = make_kms()
    kms.start()
    kms.make_key("alias/customers")
    made = [kms.call("GenerateDataKey", KeyId="alias/customers") for _ in range(3)]
    file = tmp_path / "kms.backup"
    taken = take(kms.directory, file, PASSPHRASE)
    assert (taken.is_sealed, taken.holds_token) == (True, True)
    assert taken.size == file.stat().st_size
    later = kms.make_key()
    kms.kill()
    shutil.rmtree(kms.directory)
    # Another folder, with a name that URIs write in another way.
    directory = tmp_path / "re+stored" / f"{kms.directory.name}2"
    restore(file, directory, PASSPHRASE)
    again = restored(kms, directory)
    again.start()
    for each in made:
        opened = again.call("Decrypt", CiphertextBlob=each["CiphertextBlob"])
        assert opened["Plaintext"] == each["Plaintext"]
    assert told(refusal(again, "DescribeKey", KeyId=later)) == (404, "Forbidden.KeyNotFound")
    assert again.call("GenerateDataKey", KeyId="alias/customers")
    sidecar = KmsClient.from_file(directory / "sidecar.json", again.endpoint, None)
    assert sidecar.call("GenerateDataKey", {"KeyId": "alias/customers"})
    again.stop()
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    for path in directory.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    database = Database(load_kms_config(directory / "kms.yaml").database_url)
    with closing(database), database.snapshot() as connection:
        assert audit.verify(connection).sequence >= 9


@pytest.mark.parametrize("is_moved", [False, True])
def test_one_of_an_older_version_is_restored(
    make_kms: MakeKms, tmp_path: Path, postgresql: Postgresql, *, is_moved: bool
) -> None:
    kms = make_kms()
    kms.start()
    kms.make_key()
    kms.stop()
    database = Database(load_kms_config(kms.directory / "kms.yaml").database_url)
    with closing(database), database.transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE audit_head DROP COLUMN checkpoint")
        connection.exec_driver_sql("DROP TABLE ram_oidc_provider")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0011'")
    take(kms.directory, tmp_path / "kms.backup")
    restore(
        tmp_path / "kms.backup",
        tmp_path / "restored",
        database=postgresql.make_database() if is_moved else None,
    )
    database = Database(load_kms_config(tmp_path / "restored" / "kms.yaml").database_url)
    with closing(database), database.snapshot() as connection:
        assert audit.verify(connection).signed_to > 0


def test_a_pair_that_may_have_been_taken_since_is_taken_by_nobody(
    make_kms: MakeKms, tmp_path: Path
) -> None:
    kms = make_kms()
    kms.start()
    kms.stop()
    database = Database(load_kms_config(kms.directory / "kms.yaml").database_url)
    with closing(database), database.transaction() as connection:
        Pairs(connection).begin("a pair", ("RSA_2048", "sign", "HSM"), 0)
        Pairs(connection).finish("a pair", b"public", None)
    take(kms.directory, tmp_path / "kms.backup", None)
    restore(tmp_path / "kms.backup", tmp_path / "restored", None)
    database = Database(load_kms_config(tmp_path / "restored" / "kms.yaml").database_url)
    with closing(database), database.snapshot() as connection:
        assert list_pairs(connection) == frozenset()


def test_one_that_is_taken_in_the_middle_of_a_login_is_whole(
    make_kms: MakeKms, restored: Restored, tmp_path: Path
) -> None:
    kms = make_kms()
    kms.start()
    sealed = kms.call("GenerateDataKey", KeyId=kms.make_key())
    kms.stop()
    (file,) = kms.directory.glob("hsm/tokens/*/token.object")
    file.write_bytes(b"")  # as SoftHSM leaves it until it has written it anew
    take(kms.directory, tmp_path / "kms.backup", None)
    restore(tmp_path / "kms.backup", tmp_path / "restored", None)
    again = restored(kms, tmp_path / "restored")
    again.start()
    opened = again.call("Decrypt", CiphertextBlob=sealed["CiphertextBlob"])
    assert opened["Plaintext"] == sealed["Plaintext"]


def test_one_that_is_taken_under_load_is_of_one_moment(make_kms: MakeKms, tmp_path: Path) -> None:
    kms = make_kms()
    configuration = kms.directory / "kms.yaml"
    configuration.write_text(configuration.read_text() + "quotas: {keys: 10000}\n")
    kms.start()
    is_over = threading.Event()
    made: list[str] = []

    def work() -> None:
        while not is_over.is_set():
            made.append(kms.make_key())

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(4):
        seen = len(made)
        while len(made) < seen + 4:
            threads[0].join(0.01)
        take(kms.directory, tmp_path / f"{number}")
    is_over.set()
    for thread in threads:
        thread.join()
    kms.stop()
    for number in range(4):
        restore(tmp_path / f"{number}", tmp_path / f"kms-{number}")  # proves it


def test_a_core_moves_to_postgresql(
    make_kms: MakeKms, restored: Restored, tmp_path: Path, postgresql: Postgresql
) -> None:
    kms = make_kms()
    kms.start()
    kms.make_key("alias/customers")
    made = kms.call("GenerateDataKey", KeyId="alias/customers")
    kms.stop()
    take(kms.directory, tmp_path / "first")
    moved = restored(kms, tmp_path / "moved")
    restore(tmp_path / "first", moved.directory, database=postgresql.make_database())
    assert not (moved.directory / "kms.db").exists()
    moved.start()
    opened = moved.call("Decrypt", CiphertextBlob=made["CiphertextBlob"])
    assert opened["Plaintext"] == made["Plaintext"]
    # And back.
    take(moved.directory, tmp_path / "second")
    moved.stop()
    back = restored(kms, tmp_path / "back")
    restore(tmp_path / "second", back.directory)
    assert (back.directory / "kms.db").exists()
    back.start()
    opened = back.call("Decrypt", CiphertextBlob=made["CiphertextBlob"])
    assert opened["Plaintext"] == made["Plaintext"]


@pytest.fixture
def sealed(make_kms: MakeKms, tmp_path: Path) -> Path:
    kms = make_kms()
    kms.start()
    kms.make_key()
    kms.stop()
    take(kms.directory, tmp_path / "sealed", PASSPHRASE)
    return tmp_path / "sealed"


def test_a_sealed_one_tells_nothing_and_opens_with_its_passphrase_alone(
    sealed: Path, tmp_path: Path
) -> None:
    assert stat.S_IMODE(sealed.stat().st_mode) == 0o600
    data = sealed.read_bytes()
    kept = tmp_path / "kms0"
    for secret in ("admin.secret", "hsm/pin", "kms.yaml"):
        assert (kept / secret).read_bytes().strip() not in data
    for passphrase, complaint in ((None, "is sealed"), (b"wrong horse battery", "another one")):
        with pytest.raises(Misconfigured, match=complaint):
            restore(sealed, tmp_path / "new", passphrase)
    for damaged in (data[:-1], data[: len(data) // 2], data[:-40] + bytes(40), data[:60]):
        sealed.write_bytes(damaged)
        with pytest.raises(Misconfigured, match=r"does not open|cannot be restored"):
            restore(sealed, tmp_path / "new", PASSPHRASE)
    assert not (tmp_path / "new").exists()
    assert not list(tmp_path.glob(".restore-*"))


@pytest.mark.parametrize(
    ("spoilt", "complaint"),
    [("files/hsm/tokens/*/*.object", "token"), ("kms.db", "nothing in the database")],
)
def test_what_does_not_prove_itself_does_not_get_its_place(
    make_kms: MakeKms, tmp_path: Path, postgresql: Postgresql, spoilt: str, complaint: str
) -> None:
    kms = make_kms()
    kms.start()
    kms.make_key()
    kms.stop()
    take(kms.directory, tmp_path / "whole")
    with tarfile.open(tmp_path / "whole") as archive:
        archive.extractall(tmp_path / "stage", filter="data")
    for path in (tmp_path / "stage").glob(spoilt):
        path.write_bytes(b"")
    with tarfile.open(tmp_path / "spoilt", "w:gz") as archive:
        for name in ("backup.json", "kms.db", "files"):
            archive.add(tmp_path / "stage" / name, name)
    url = postgresql.make_database()
    for database in (None, url):
        with pytest.raises(Misconfigured, match=complaint):
            restore(tmp_path / "spoilt", tmp_path / "new", database=database)
        assert not (tmp_path / "new").exists()
    place = make_url(url).set(drivername="postgresql+psycopg")
    with closing(Database(place)) as target:
        assert target.is_empty()  # and so the next try may have it


def test_a_backup_cannot_write_elsewhere(tmp_path: Path) -> None:
    """Whoever can lay a file into the folder of backups must not get more than that."""
    with tarfile.open(tmp_path / "evil", "w:gz") as archive:
        (tmp_path / "x").write_text("gone out")
        archive.add(tmp_path / "x", "../escaped")
    with pytest.raises(Misconfigured, match="OutsideDestinationError"):
        restore(tmp_path / "evil", tmp_path / "below" / "new")
    assert not (tmp_path / "below" / "escaped").exists()


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        (b"", "no backup"),
        (b"[]", "no backup"),
        (b"\xff", "no backup"),
        (b"[" * 100_000, "no backup"),
        (b'{"version": 1}', "no backup"),
        (b'{"version": 1, "directory": 5}', "no backup"),
        (b'{"version": 1, "directory": ""}', "no backup"),
        (b'{"version": 2, "directory": "/kms"}', "newer version"),
    ],
)
def test_a_file_that_is_no_backup_is_told(told: bytes, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "backup.json").write_bytes(told)
    with tarfile.open(tmp_path / "odd", "w:gz") as archive:
        archive.add(tmp_path / "backup.json", "backup.json")
    with pytest.raises(Misconfigured, match=complaint):
        restore(tmp_path / "odd", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_where_a_sealed_one_is_expected_no_other_is_believed(tmp_path: Path) -> None:
    """Whoever can lay a file into the folder of backups cannot take the seal off."""
    with tarfile.open(tmp_path / "evil", "w:gz"):
        pass
    with pytest.raises(Misconfigured, match="is not sealed"):
        restore(tmp_path / "evil", tmp_path / "new", PASSPHRASE)


def test_what_is_linked_to_is_in_it(make_kms: MakeKms, tmp_path: Path) -> None:
    kms, elsewhere = make_kms(), tmp_path / "elsewhere"
    kms.start()
    kms.make_key()
    kms.stop()
    elsewhere.mkdir()
    shutil.move(kms.directory / "admin.secret", elsewhere)
    (kms.directory / "mounted").symlink_to(elsewhere)
    (kms.directory / "admin.secret").symlink_to("mounted/admin.secret")
    (kms.directory / ".#kms.yaml").symlink_to("somebody@host.1234")  # as an editor locks a file
    take(kms.directory, tmp_path / "file")
    shutil.rmtree(elsewhere)
    restore(tmp_path / "file", tmp_path / "new")  # proves it
    assert not any(path.is_symlink() for path in (tmp_path / "new").rglob("*"))


def test_what_cannot_be_copied_is_named(make_kms: MakeKms, tmp_path: Path) -> None:
    kms = make_kms()
    kms.start()
    kms.stop()
    (kms.directory / "odd").symlink_to("/proc/self/mem")
    with pytest.raises(Misconfigured, match=r"/odd: cannot be copied: .*Input/output error"):
        take(kms.directory, tmp_path / "file")


def test_a_backup_is_not_written_into_what_it_is_of(make_kms: MakeKms) -> None:
    """It would hold itself, and the database's lock until the disk is full."""
    directory = make_kms().directory
    (directory / "backups").mkdir()
    with pytest.raises(Misconfigured, match="name another place"):
        take(directory, directory / "backups" / "file")


def test_nothing_is_overwritten(sealed: Path, tmp_path: Path) -> None:
    data = sealed.read_bytes()
    with pytest.raises(Misconfigured, match="not overwritten"):
        take(tmp_path / "kms0", sealed)
    assert sealed.read_bytes() == data
    with pytest.raises(Misconfigured, match="is there already"):
        restore(sealed, tmp_path / "kms0", PASSPHRASE)
    assert not list(tmp_path.glob(".backup-*"))


def test_the_backup_says_what_it_is(make_kms: MakeKms, tmp_path: Path) -> None:
    kms = make_kms()
    kms.start()
    kms.stop()
    take(kms.directory, tmp_path / "plain")
    with tarfile.open(tmp_path / "plain") as archive:
        names = archive.getnames()
        member = archive.extractfile("backup.json")
        assert member is not None
        said = json.load(member)
    assert (said["version"], said["holds_token"]) == (1, True)
    assert "kms.db" in names
    assert not [name for name in names if name.startswith("files/kms.db")]


@pytest.mark.parametrize("reached", ["files", "files/kms.db"])
def test_a_restore_that_is_killed_leaves_nothing_that_could_be_served(
    make_kms: MakeKms, restored: Restored, tmp_path: Path, reached: str
) -> None:
    """The folder has its place when it was proven, and not before."""
    kms = make_kms()
    kms.start()
    key_id = kms.make_key()
    made = kms.call("GenerateDataKey", KeyId=key_id)
    take(kms.directory, tmp_path / "file")
    kms.kill()
    place = tmp_path / "place" / "kms"
    place.parent.mkdir()
    command = [*SIDECAR, "kms", "restore", str(tmp_path / "file"), "--dir", str(place)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        while running.poll() is None and not list(place.parent.glob(f".restore-*/{reached}")):
            time.sleep(0.001)
        running.kill()
    if not place.exists():
        restore(tmp_path / "file", place)
    again = restored(kms, place)
    again.start()
    opened = again.call("Decrypt", CiphertextBlob=made["CiphertextBlob"])
    assert opened["Plaintext"] == made["Plaintext"]


def test_a_backup_that_is_killed_leaves_no_file(make_kms: MakeKms, tmp_path: Path) -> None:
    kms, file = make_kms(), tmp_path / "backups" / "file"
    file.parent.mkdir()
    command = [*SIDECAR, "kms", "backup", str(file), "--dir", str(kms.directory)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as running:
        while running.poll() is None and not list(file.parent.glob(".backup-*/draft")):
            time.sleep(0.001)
        running.kill()
    if file.exists():  # it was faster than we were
        file.unlink()
    take(kms.directory, file)
    restore(file, tmp_path / "kms")
