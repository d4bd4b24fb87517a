# SPDX-License-Identifier: Apache-2.0
"""Two replicas find the same things due at the same time: each is done by one of them, once."""

import copy
import json
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from sidecar.hsm import HsmThread, Token
from sidecar.kms.audit import tail, verify
from sidecar.kms.config import load_kms_config
from sidecar.kms.store import Database
from tests.fixtures.kms import RunningKms
from tests.fixtures.postgresql import Postgresql

KEYS = 8
SECONDS = 30


@pytest.fixture
def pair(
    make_kms: Callable[[], RunningKms], postgresql: Postgresql
) -> tuple[RunningKms, RunningKms]:
    one = make_kms()
    configuration = one.directory / "kms.yaml"
    written = configuration.read_text()
    configuration.write_text(written.replace("kms.db", f'"{postgresql.make_database()}"'))
    return one, copy.copy(one)


def test_what_is_due_is_done_once(pair: tuple[RunningKms, RunningKms]) -> None:
    one, other = pair
    one.start()
    rotating = [one.make_key() for _ in range(KEYS)]
    going = [one.make_key(f"alias/{number}") for number in range(KEYS)]
    sealed = [one.call("GenerateDataKey", KeyId=key_id) for key_id in rotating]
    for key_id in rotating:
        one.call(
            "UpdateRotationPolicy",
            KeyId=key_id,
            EnableAutomaticRotation="true",
            RotationInterval="7d",
        )
    for key_id in going:
        one.call("ScheduleKeyDeletion", KeyId=key_id, PendingWindowInDays="7")
    one.stop()
    config = load_kms_config(one.directory / "kms.yaml")
    database = Database(config.database_url)
    with database.transaction() as connection:
        connection.execute(text("UPDATE cmk SET rotated_at = 1, delete_at = sign(delete_at)"))
    try:
        with ThreadPoolExecutor() as pool:
            list(pool.map(RunningKms.start, pair))
        wait_until(lambda: len(done(database)) == 3 * KEYS)
        assert done(database) == Counter(
            {
                **{("RotateKey", key_id): 1 for key_id in rotating},
                **{("DeleteKey", key_id): 1 for key_id in going},
                **{("DestroyKeyMaterial", key_id): 1 for key_id in going},
            }
        )
        assert one.call("ListKeys")["TotalCount"] == KEYS
        for replica in pair:
            for key_id, made in zip(rotating, sealed, strict=True):
                opened = replica.call("Decrypt", CiphertextBlob=made["CiphertextBlob"])
                assert opened["Plaintext"] == made["Plaintext"]
                anew = replica.call("GenerateDataKey", KeyId=key_id)
                assert anew["KeyVersionId"] != made["KeyVersionId"]
    finally:
        one.stop()
        other.close()
    with database.snapshot() as connection:
        verify(connection)
    database.close()
    with HsmThread(config.token) as hsm:
        assert len(hsm.run(Token.list_key_ids)) == 2 * KEYS


def done(database: Database) -> Counter[tuple[str, str]]:
    """What the KMS did by itself, from its records."""
    with database.snapshot() as connection:
        records = [link.record for link in tail(connection, 1000)]
    return Counter(
        (told["eventName"], told["additionalEventData"]["KeyId"])
        for told in map(json.loads, records)
        if "KeyId" in told.get("additionalEventData", {})
    )


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.1)
