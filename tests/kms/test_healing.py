# SPDX-License-Identifier: Apache-2.0
"""Wherever a crash comes between token and database: nothing half-made is left, nothing lost."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sidecar.cli.kms_client import Refusal
from sidecar.errors import Misconfigured
from sidecar.hsm import HsmThread, Token
from sidecar.kms.config import load_kms_config
from sidecar.kms.healing import heal
from sidecar.kms.proof import prove
from sidecar.kms.store import Database, list_in_token
from tests.fixtures.kms import RunningKms

VERSION = "00000000-0000-4000-8000-000000000001"
KEY = VERSION.encode()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database.sqlite(tmp_path / "kms.db")
    database.migrate()
    yield database
    database.close()


def make(token: Token) -> None:
    token.generate_aes(KEY, "label", 256)


def kept(hsm: HsmThread) -> list[bytes]:
    return hsm.run(Token.list_key_ids)


def test_a_key_that_nobody_was_told_of_is_destroyed(hsm: HsmThread, database: Database) -> None:
    hsm.run(make)
    assert hsm.run(Token.list_pending) == [KEY]
    assert kept(hsm) == [KEY]
    hsm.run(lambda token: heal(token, database))
    assert (kept(hsm), hsm.run(Token.list_pending)) == ([], [])


def test_a_mark_without_its_key_goes(hsm: HsmThread, database: Database) -> None:
    """The crash came between the mark and the key."""
    hsm.run(lambda token: token.give_up(KEY))
    prove(hsm, database)
    assert hsm.run(Token.list_pending) == []


def test_a_key_without_a_mark_is_never_destroyed(hsm: HsmThread, database: Database) -> None:
    """The database may be an old copy, and the key open what was sealed since."""
    with database.transaction() as connection:
        connection.exec_driver_sql("SELECT 1")
    hsm.run(make)
    hsm.run(lambda token: token.settle(KEY, keep=True))
    prove(hsm, database)
    assert kept(hsm) == [KEY]


def test_sigkill_at_any_point_leaves_no_key_without_a_name(
    make_kms: Callable[[], RunningKms],
) -> None:
    kms = make_kms()
    told: list[str] = []

    def work() -> None:
        try:
            while True:
                told.append(kms.make_key())
        except (Refusal, Misconfigured):
            return  # it is dead

    for _ in range(4):
        kms.start()
        seen = len(told)
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        while len(told) < seen + 5:
            threads[0].join(0.01)
        kms.kill()
        for thread in threads:
            thread.join()
    kms.start()
    named = {key["KeyId"] for key in kms.call("ListKeys", PageSize="100")["Keys"]["Key"]}
    assert named >= set(told)
    kms.stop()
    config = load_kms_config(kms.directory / "kms.yaml")
    database = Database(config.database_url)
    with database.snapshot() as connection:
        versions = list_in_token(connection)
    database.close()
    with HsmThread(config.token) as hsm:
        assert {key_id.decode() for key_id in kept(hsm)} == versions
        assert hsm.run(Token.list_pending) == []
