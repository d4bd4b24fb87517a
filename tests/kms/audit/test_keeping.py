# SPDX-License-Identifier: Apache-2.0
"""The trail is signed by a key of a real token: at start, from time to time, at the end."""

import base64
import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import delete

from sidecar.errors import Misconfigured
from sidecar.hsm import HsmThread, Token
from sidecar.kms.audit import ChainBroken, Trail, Verified, signing_key, tail, verify
from sidecar.kms.audit.checkpoint import Keys, key_id_of, read_key
from sidecar.kms.audit.index import FOREVER, Attribute, Query, search
from sidecar.kms.audit.keeping import Keeper
from sidecar.kms.audit.pruning import prune
from sidecar.kms.audit.refusals import RECORDS_OF_A_SOURCE
from sidecar.kms.audit.settings import AuditSettings
from sidecar.kms.store import AuditKey, AuditRecord, Database
from tests.kms.audit.signing import NOW, Signer, event
from tests.kms.audit.test_refusals import refuse
from tests.kms.audit.test_trail import Call

PATIENCE = 20.0


@pytest.fixture
def trail(database: Database) -> Trail:
    return Trail(database)


def call(trail: Trail, hsm: HsmThread, *numbers: int, now: int = NOW) -> None:
    calls = [Call(lambda _: None, lambda _: None, event("ListKeys", now, f"r{n}")) for n in numbers]
    hsm.run(lambda _: trail.carry_out(calls))


def sign(trail: Trail, hsm: HsmThread, now: int = NOW) -> None:
    hsm.run(lambda token: trail.checkpoint(token, now))


@pytest.fixture
def keys(database: Database, hsm: HsmThread, trail: Trail) -> Keys:
    """The public key, as an operator keeps it."""
    sign(trail, hsm)

    def find(token: Token) -> str:
        with database.snapshot() as connection:
            key = signing_key.find(connection, token)
        assert key is not None
        return key.pem()

    public = read_key(hsm.run(find).encode(), "audit.pem")
    return {key_id_of(public): public}


def verified(database: Database, keys: Keys | None) -> Verified:
    with database.snapshot() as connection:
        return verify(connection, keys=keys)


def test_a_checkpoint_of_the_token_verifies_by_the_public_key_alone(
    database: Database, hsm: HsmThread, trail: Trail, keys: Keys
) -> None:
    call(trail, hsm, 1, 2)
    assert trail.unsigned == 2
    sign(trail, hsm)
    assert trail.unsigned == 0
    found = verified(database, keys)
    assert (found.sequence, found.signed_to) == (4, 3)
    stranger = Signer()
    with pytest.raises(ChainBroken, match="not given"):
        verified(database, stranger.keys)


def test_there_is_one_key_and_the_token_lists_it_among_nobodys_keys(
    database: Database, hsm: HsmThread, trail: Trail, keys: Keys
) -> None:
    sign(Trail(database), hsm)
    assert verified(database, keys).sequence == 2
    assert hsm.run(Token.list_key_ids) == []


def test_a_public_key_that_somebody_laid_into_the_database_is_not_handed_out(
    database: Database, hsm: HsmThread, trail: Trail, keys: Keys
) -> None:
    thief = Signer()
    public = thief.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with database.transaction() as connection:
        token_id = connection.execute(AuditKey.__table__.select()).one().token_id
        laid = {
            "key_id": thief.key_id,
            "token_id": token_id,
            "created_at": NOW + 9,
            "public_key": public,
        }
        connection.execute(AuditKey.__table__.insert(), laid)

    def find(token: Token) -> str:
        with database.snapshot() as connection:
            key = signing_key.find(connection, token)
        return key.key_id if key else ""

    assert {hsm.run(find)} == set(keys)
    with database.transaction() as connection:
        connection.execute(delete(AuditKey).where(AuditKey.key_id != thief.key_id))
    assert hsm.run(find) == ""
    sign(trail, hsm)
    with pytest.raises(ChainBroken, match="not given"):
        verified(database, keys)


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_keeper_signs_at_start_after_so_many_records_and_at_the_end(
    database: Database, hsm: HsmThread, trail: Trail
) -> None:
    settings = AuditSettings(checkpoint_records=3, checkpoint_seconds=86400)
    with Keeper(trail, hsm, database, settings):
        assert verified(database, None).sequence == 1
        call(trail, hsm, 1, 2)
        call(trail, hsm, 3)
        wait_until(lambda: verified(database, None).signed_to == 4)
        call(trail, hsm, 4)
        assert verified(database, None).signed_to == 4
    found = verified(database, None)
    assert (found.sequence, found.signed_to) == (7, 6)


def test_the_keeper_signs_what_is_old_enough(
    database: Database, hsm: HsmThread, trail: Trail
) -> None:
    settings = AuditSettings(checkpoint_records=1000, checkpoint_seconds=1)
    with Keeper(trail, hsm, database, settings):
        call(trail, hsm, 1)
        wait_until(lambda: verified(database, None).signed_to == 2)


def test_a_trail_that_is_signed_is_not_signed_again(
    database: Database, hsm: HsmThread, trail: Trail
) -> None:
    for _ in range(3):
        with Keeper(trail, hsm, database, AuditSettings()):
            pass
    assert verified(database, None).sequence == 1


def test_the_keeper_signs_what_others_wrote(
    database: Database, file: Path, hsm: HsmThread, trail: Trail
) -> None:
    """Another replica, or what is done without a call."""
    replica = Database.sqlite(file)
    with Keeper(trail, hsm, database, AuditSettings(1000, 1)):
        call(Trail(replica), hsm, 1)
        wait_until(lambda: verified(database, None).signed_to == 2)
    replica.close()


def test_what_was_counted_is_told_at_the_end(
    database: Database, hsm: HsmThread, trail: Trail
) -> None:
    with Keeper(trail, hsm, database, AuditSettings(10_000, 86400)):
        flood = [Call(refuse, refuse, event("Decrypt")) for _ in range(RECORDS_OF_A_SOURCE + 4)]
        hsm.run(lambda _: trail.carry_out(flood))
    with database.snapshot() as connection:
        told = [json.loads(link.record) for link in tail(connection, 2)]
    assert [one["eventName"] for one in told] == ["RefusedCalls", "AuditCheckpoint"]
    assert told[0]["additionalEventData"]["count"] == 4


def test_a_token_that_is_away_delays_checkpoints_and_no_calls(
    database: Database,
    hsm: HsmThread,
    tmp_path: Path,
    trail: Trail,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tokens = tmp_path / "hsm" / "tokens"
    settings = AuditSettings(checkpoint_records=1, checkpoint_seconds=1)
    with Keeper(trail, hsm, database, settings):
        hsm.run(Token.forget)
        tokens.rename(tmp_path / "away")
        hsm.run(Token.forget)
        call(trail, hsm, 1)
        wait_until(lambda: "could not be signed" in caplog.text)
        call(trail, hsm, 2)
        (tmp_path / "away").rename(tokens)
        wait_until(lambda: verified(database, None).signed_to >= 3)
    assert caplog.text.count("could not be signed") == 1


def test_a_pruned_trail_verifies_and_nobody_else_can_prune_it(
    database: Database, hsm: HsmThread, trail: Trail, keys: Keys
) -> None:
    call(trail, hsm, 1, 2, 3)
    sign(trail, hsm, NOW + 100)  # record 5
    call(trail, hsm, 4, now=NOW + 150)
    sign(trail, hsm, NOW + 200)  # record 7
    call(trail, hsm, 5, now=NOW + 250)
    assert prune(database, hsm, NOW + 100, [], NOW + 300) == (1, 0)
    assert prune(database, hsm, NOW + 180, [], NOW + 300) == (5, 4)
    found = verified(database, keys)
    assert (found.first, found.sequence, found.floor) == (5, 9, 5)
    with database.snapshot() as connection:
        query = Query("", "cn-hangzhou", 0, FOREVER, {Attribute.EventName: "ListKeys"})
        assert len(search(connection, query, 100).found) == 2
        assert connection.execute(AuditRecord.__table__.select()).first().sequence == 5
    sign(trail, hsm, NOW + 400)
    assert verified(database, keys).floor == 5
    assert prune(database, hsm, NOW + 180, [], NOW + 500) == (5, 0)
    with database.transaction() as connection:
        connection.execute(delete(AuditRecord).where(AuditRecord.sequence < 7))
    with pytest.raises(ChainBroken):
        verified(database, keys)


def test_a_pruning_that_was_interrupted_verifies_and_can_be_finished(
    database: Database, hsm: HsmThread, trail: Trail, keys: Keys
) -> None:
    call(trail, hsm, *range(6))
    sign(trail, hsm, NOW + 100)
    with database.transaction() as connection:
        kept = connection.execute(AuditRecord.__table__.select()).all()
    prune(database, hsm, NOW + 200, [], NOW + 300)
    with database.transaction() as connection:  # as if the last portion had not been removed
        for row in kept[4:7]:
            connection.execute(AuditRecord.__table__.insert(), row._asdict())
    assert verified(database, keys).first == 8
    assert prune(database, hsm, NOW + 200, [], NOW + 300) == (8, 3)
    assert verified(database, keys).first == 8


def test_what_an_export_has_not_carried_on_is_not_pruned(
    database: Database, hsm: HsmThread, trail: Trail, keys: Keys
) -> None:
    call(trail, hsm, 1, 2)
    sign(trail, hsm, NOW + 100)
    with pytest.raises(Misconfigured, match="'disk' has carried on 0 records, and 3 would"):
        prune(database, hsm, NOW + 200, ["disk"], NOW + 300)
    assert verified(database, keys).first == 1


def test_checkpoints_of_several_replicas_are_one_trail(
    database: Database, file: Path, hsm: HsmThread, trail: Trail, keys: Keys
) -> None:
    replica = Database.sqlite(file)
    other = Trail(replica)
    for number in range(5):
        call(trail, hsm, number)
        sign(other, hsm)
        call(other, hsm, number)
        sign(trail, hsm)
    assert verified(database, keys).sequence == 21
    replica.close()


def test_the_records_of_the_kms_itself_tell_nothing_of_a_caller(
    database: Database, hsm: HsmThread, trail: Trail, keys: Keys
) -> None:
    with database.snapshot() as connection:
        ((_, record),) = search(connection, Query("", "", 0, FOREVER, {}), 9).found
    told = json.loads(record)
    assert told["userIdentity"] == {"type": "system"}
    assert told["eventName"] == "AuditCheckpoint"
    assert set(told["additionalEventData"]) == {
        *("sequence", "digest", "floor", "keyId", "signature"),
    }


def test_a_checkpoint_can_be_checked_with_nothing_of_ours(
    database: Database, hsm: HsmThread, trail: Trail, keys: Keys, tmp_path: Path
) -> None:
    """As TRAIL.md has it: six lines, a signature in DER, and OpenSSL."""
    (public,) = keys.values()
    pem = tmp_path / "audit-key.pem"
    pem.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with database.snapshot() as connection:
        told = json.loads(tail(connection, 1)[0].record)
    data = told["additionalEventData"]
    lines = ["envelope-sidecar/kms/audit/checkpoint/1", data["sequence"], data["digest"]]
    lines += [data["floor"], told["eventTime"], data["keyId"]]
    (tmp_path / "six-lines").write_text("\n".join(map(str, lines)))
    (tmp_path / "signature.der").write_bytes(base64.b64decode(data["signature"]))
    openssl = "openssl dgst -sha256 -verify audit-key.pem -signature signature.der six-lines"
    done = subprocess.run(openssl.split(), cwd=tmp_path, check=False, capture_output=True)
    assert (done.returncode, done.stdout) == (0, b"Verified OK\n")


def test_a_clock_that_was_set_back_changes_neither_what_is_signed_nor_where_it_begins(
    database: Database, hsm: HsmThread, trail: Trail, keys: Keys
) -> None:
    """The newest checkpoint is the last one, whatever its time."""
    call(trail, hsm, 1, 2)
    sign(trail, hsm)
    earlier = NOW - 7200
    call(trail, hsm, 3, now=earlier)
    sign(trail, hsm, earlier)
    assert trail.is_signed()
    first, removed = prune(database, hsm, NOW + 1, (), earlier)
    assert removed == first - 1 > 0
    sign(trail, hsm, earlier)
    found = verified(database, keys)
    assert (found.first, found.floor) == (first, first)
