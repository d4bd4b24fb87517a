# SPDX-License-Identifier: Apache-2.0
"""Nothing listens before the token and the database were seen to belong together."""

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.hsm import HsmThread, Pkcs11Uri
from sidecar.hsm.reserved import ROOT_ID
from sidecar.kms.proof import prove
from sidecar.kms.service.in_process import seal_material
from sidecar.kms.store import Cmk, Database, Material, Shelf


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.sqlite(tmp_path / "kms.db")
    yield database
    database.close()


def cmk(version: str) -> Cmk:
    return Cmk("k", "1", "r", "1", "", "Aliyun_AES_256", "", "", "HSM", "Enabled", version, 0)


def add(database: Database, version: str) -> None:
    with database.transaction() as connection:
        Shelf(connection, "1", "r").add_key(cmk(version), Material(is_in_token=True))


def test_a_key_in_both_is_fine(hsm: HsmThread, database: Database) -> None:
    prove(hsm, database)
    hsm.run(lambda token: token.generate_aes(b"v1", "a label", 256))
    add(database, "v1")
    prove(hsm, database)


def test_a_key_that_only_the_database_has_is_an_error(hsm: HsmThread, database: Database) -> None:
    prove(hsm, database)
    add(database, "v1")
    with pytest.raises(Misconfigured, match="not in the token, v1 among them"):
        prove(hsm, database)


def test_a_key_that_only_the_token_has_is_a_warning(
    hsm: HsmThread, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    prove(hsm, database)
    hsm.run(lambda token: token.generate_aes(b"v1", "a label", 256))
    hsm.run(lambda token: token.settle(b"v1", keep=True))
    with caplog.at_level(logging.WARNING):
        prove(hsm, database)
    assert "the token holds key v1" in caplog.text


def test_an_empty_database_beside_a_token_with_keys_is_an_error_and_stays_one(
    hsm: HsmThread, database: Database
) -> None:
    """Law 7: whoever hears "not found" gives data up."""
    hsm.run(lambda token: token.generate_aes(b"v1", "a label", 256))
    for _ in range(2):
        with pytest.raises(Misconfigured, match="holds keys and the database is empty"):
            prove(hsm, database)


def test_a_token_that_is_away_is_an_error(
    make_token: Callable[..., Pkcs11Uri], tmp_path: Path, database: Database
) -> None:
    uri = make_token()
    (tmp_path / "hsm" / "tokens").rename(tmp_path / "away")
    with HsmThread(uri) as hsm, pytest.raises(Misconfigured, match="the HSM cannot be used"):
        prove(hsm, database)


def test_a_database_that_is_none_is_an_error(hsm: HsmThread, tmp_path: Path) -> None:
    (tmp_path / "kms.db").write_text("no database " * 1000)
    database = Database.sqlite(tmp_path / "kms.db")
    with pytest.raises(Misconfigured, match="the database cannot be read: DatabaseError"):
        prove(hsm, database)
    database.close()


def test_a_root_key_that_opens_nothing_is_an_error_and_stays_one(
    hsm: HsmThread, database: Database
) -> None:
    """A new one is planted, and must not pass for the one that is lost."""
    prove(hsm, database)
    with database.transaction() as connection:
        made = hsm.run(lambda token: seal_material(token, "v1", bytes(16)))
        material = Material(is_in_token=False, sealed=made)
        Shelf(connection, "1", "r").add_key(cmk("v1"), material)
    prove(hsm, database)
    hsm.run(lambda token: token.destroy(ROOT_ID))
    for _ in range(2):
        with pytest.raises(Misconfigured, match="the root key of the token does not open"):
            prove(hsm, database)


PROVE = """
import sys
from pathlib import Path
from sidecar.hsm import HsmThread, Pkcs11Uri
from sidecar.kms.proof import prove
from sidecar.kms.store import Database
hsm, database = HsmThread(Pkcs11Uri.parse(sys.argv[1])), Database.sqlite(Path(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
prove(hsm, database)
"""


def test_replicas_that_start_at_once_plant_one_root_key(
    make_token: Callable[[str], Pkcs11Uri], tmp_path: Path
) -> None:
    for number in range(4):
        uri, file = make_token(f"hsm{number}"), tmp_path / f"{number}.db"
        database = Database.sqlite(file)
        with HsmThread(uri) as hsm:
            prove(hsm, database)
            hsm.run(lambda token: token.destroy(ROOT_ID))
        database.close()
        replicas = [
            subprocess.Popen(
                [sys.executable, "-c", PROVE, str(uri), str(file)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            for _ in range(2)
        ]
        for replica in replicas:
            assert replica.stdout is not None
            assert replica.stdout.readline() == b"ready\n"
        for replica in replicas:
            assert replica.stdin is not None
            replica.stdin.write(b"\n")
            replica.stdin.flush()
        assert [replica.communicate()[0] for replica in replicas] == [b"", b""]
        assert [replica.returncode for replica in replicas] == [0, 0]
        with HsmThread(uri) as hsm:
            # Of two keys with one id, no token can tell which is meant.
            assert hsm.run(lambda token: token.encrypt_gcm(ROOT_ID, b"a canary", b""))
