# SPDX-License-Identifier: Apache-2.0
"""Two replicas on one PostgreSQL database and one token: nothing is lost, and nothing is twice."""

from __future__ import annotations

import copy
import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import NamedTuple

import pytest
from sqlalchemy import text

from sidecar.cli.kms_client import Refusal
from sidecar.errors import Misconfigured
from sidecar.kms.audit import tail, verify
from sidecar.kms.config import load_kms_config
from sidecar.kms.store import Database
from tests.fixtures.kms import RunningKms
from tests.fixtures.postgresql import Postgresql
from tests.kms.raw import ask, signed, wire
from tests.kms.refusals import refusal, told

KEYS = 12
ALIASES = 8
QUOTAS = f"quotas: {{keys: {KEYS}, aliases: {ALIASES}}}\n"


class Replicas(NamedTuple):
    one: RunningKms
    other: RunningKms

    def restart(self) -> None:
        for kms in self:
            kms.start()


@pytest.fixture
def replicas(make_kms: Callable[[], RunningKms], postgresql: Postgresql) -> Iterator[Replicas]:
    one = make_kms()
    configuration = one.directory / "kms.yaml"
    said = configuration.read_text().replace("kms.db", f'"{postgresql.make_database()}"')
    configuration.write_text(said + QUOTAS)
    other = copy.copy(one)
    pair = Replicas(one, other)
    pair.restart()
    yield pair
    other.close()


def together(work: Callable[[int], str], count: int) -> list[str]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(work, range(count)))


def outcome(kms: RunningKms, action: str, **parameters: str) -> str:
    """`OK`, or the code of the refusal."""
    try:
        kms.call(action, **parameters)
    except Refusal as refused:
        return str(refused.answer["Code"])
    return "OK"


def database_of(kms: RunningKms) -> Database:
    return Database(load_kms_config(kms.directory / "kms.yaml").database_url)


def records(kms: RunningKms) -> int:
    """The length of a chain that is whole."""
    database = database_of(kms)
    try:
        with database.snapshot() as connection:
            return verify(connection).sequence
    finally:
        database.close()


def test_quotas_and_names_hold_over_both(replicas: Replicas) -> None:
    made = together(lambda n: outcome(replicas[n % 2], "CreateKey"), 2 * KEYS)
    assert Counter(made) == {"OK": KEYS, "Rejected.LimitExceeded": KEYS}
    listed = replicas.one.call("ListKeys", PageSize="100")["Keys"]["Key"]
    ids = [key["KeyId"] for key in listed]
    assert len(set(ids)) == KEYS

    def name(n: int) -> str:
        alias = f"alias/{n // 4}"  # each is asked for four times
        return outcome(replicas[n % 2], "CreateAlias", KeyId=ids[n % KEYS], AliasName=alias)

    named = together(name, 4 * (ALIASES + 2))
    assert named.count("OK") == ALIASES
    assert set(named) == {"OK", "AliasAlreadyExists", "Rejected.LimitExceeded"}
    assert replicas.other.call("ListAliases")["TotalCount"] == ALIASES
    # Every call has its record, beside what the KMS tells by itself, and the chain is one.
    assert records(replicas.one) >= 2 * KEYS + 1 + 4 * (ALIASES + 2) + 1


def test_of_many_who_rotate_one_cmk_at_once_one_does(replicas: Replicas) -> None:
    made_key = replicas.one.call("CreateKey", KeySpec="EC_P256", KeyUsage="SIGN/VERIFY")
    key_id, first = (made_key["KeyMetadata"][name] for name in ("KeyId", "PrimaryKeyVersion"))
    with closing(database_of(replicas.one)) as database, database.transaction() as connection:
        connection.execute(text("UPDATE cmk SET rotated_at = 0"))  # a week has passed
    made = together(lambda n: outcome(replicas[n % 2], "CreateKeyVersion", KeyId=key_id), 8)
    assert Counter(made) == {"OK": 1, "Rejected.LimitExceeded": 7}
    listed = replicas.other.call("ListKeyVersions", KeyId=key_id)
    assert listed["TotalCount"] == 2
    ids = {version["KeyVersionId"] for version in listed["KeyVersions"]["KeyVersion"]}
    described = replicas.one.call("DescribeKey", KeyId=key_id)["KeyMetadata"]
    assert ids - {first} == {described["PrimaryKeyVersion"]}


def test_an_alias_that_many_move_at_once_names_what_the_last_of_them_said(
    replicas: Replicas,
) -> None:
    ids = [replicas[n % 2].make_key() for n in range(4)]
    replicas.one.call("CreateAlias", KeyId=ids[0], AliasName="alias/moved")

    def move(n: int) -> str:
        asked = {"KeyId": ids[n % 4], "AliasName": "alias/moved"}
        return outcome(replicas[n % 2], "UpdateAlias", **asked)

    assert set(together(move, 16)) == {"OK"}
    (alias,) = replicas.one.call("ListAliases")["Aliases"]["Alias"]
    with closing(database_of(replicas.one)) as database, database.snapshot() as connection:
        last = next(
            told["requestParameters"]["KeyId"]
            for told in (json.loads(link.record) for link in reversed(tail(connection, 30)))
            if told["eventName"] == "UpdateAlias"
        )
    assert alias["KeyId"] == last


def test_what_one_made_serves_at_the_other_at_once(replicas: Replicas) -> None:
    one, other = replicas

    def work(n: int) -> str:
        here, there = (one, other) if n % 2 else (other, one)
        key_id = here.make_key()
        made = there.call("GenerateDataKey", KeyId=key_id)
        opened = here.call("Decrypt", CiphertextBlob=made["CiphertextBlob"])
        assert opened["Plaintext"] == made["Plaintext"]
        return key_id

    assert len(set(together(work, KEYS))) == KEYS


def test_a_request_serves_at_one_of_them_only(replicas: Replicas) -> None:
    sent = wire(signed("ListKeys", key=replicas.one.access_key))
    assert ask(replicas.one, sent).status == 200
    assert told(ask(replicas.other, sent).json) == (400, "SignatureNonceUsed")


def test_one_that_is_killed_under_load_takes_nothing_with_it(replicas: Replicas) -> None:
    one, other = replicas
    key_id = other.make_key()
    answered: list[tuple[str, str]] = []
    is_over = threading.Event()

    def work(kms: RunningKms) -> None:
        while not is_over.is_set():
            try:
                made = kms.call("GenerateDataKey", KeyId=key_id)
            except Misconfigured:
                return  # it is gone
            answered.append((made["CiphertextBlob"], made["Plaintext"]))

    threads = [threading.Thread(target=work, args=(kms,)) for kms in (*replicas, *replicas)]
    for thread in threads:
        thread.start()
    while len(answered) < 100:
        threads[0].join(0.01)
    one.kill()
    so_far = len(answered)
    while len(answered) < so_far + 100:
        threads[1].join(0.01)
    is_over.set()
    for thread in threads:
        thread.join()
    for blob, plaintext in answered[:: len(answered) // 20]:
        assert other.call("Decrypt", CiphertextBlob=blob)["Plaintext"] == plaintext
    assert records(other) >= len(answered)


def test_one_that_stands_still_holds_the_other_up_for_moments(replicas: Replicas) -> None:
    """It may stand still with the lock in its hand; then the database takes it away."""
    one, other = replicas
    key_id = other.make_key()
    is_over = threading.Event()

    def work() -> None:
        while not is_over.is_set():
            outcome(one, "GenerateDataKey", KeyId=key_id)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        os.kill(one.pid, signal.SIGSTOP)
        while outcome(other, "GenerateDataKey", KeyId=key_id) != "OK":
            pass
    finally:
        os.kill(one.pid, signal.SIGCONT)
        is_over.set()
        for thread in threads:
            thread.join()
    assert outcome(one, "GenerateDataKey", KeyId=key_id) == "OK"
    records(one)


def test_a_database_that_failed_serves_again_once_it_is_back(
    replicas: Replicas, postgresql: Postgresql
) -> None:
    one, other = replicas
    key_id = one.make_key()
    postgresql.stop()
    try:
        for kms in replicas:
            answer = refusal(kms, "GenerateDataKey", KeyId=key_id)
            assert told(answer) == (503, "ServiceUnavailableTemporary")
    finally:
        postgresql.start()
    for kms in replicas:
        assert outcome(kms, "GenerateDataKey", KeyId=key_id) == "OK"
    assert "Traceback" not in one.log.read_text()
    database = database_of(other)
    with database.snapshot() as connection:
        newest = [link.record for link in tail(connection, 3)]  # some may be checkpoints
    assert '"eventName":"GenerateDataKey"' in "".join(newest)
    database.close()


def test_pairs_that_two_replicas_have_made_are_each_taken_once(replicas: Replicas) -> None:
    wrapping = {"WrappingKeySpec": "RSA_2048", "WrappingAlgorithm": "RSAES_OAEP_SHA_1"}
    made = replicas.one.call("CreateKey", Origin="EXTERNAL")["KeyMetadata"]["KeyId"]

    def ask_for_one(number: int) -> str:
        answer = replicas[number % 2].call("GetParametersForImport", KeyId=made, **wrapping)
        return str(answer["PublicKey"])

    assert len(set(together(ask_for_one, 6))) == 6
    for kms in replicas:
        kms.stop()
    replicas.restart()  # each proves that token and database belong together


def test_replicas_that_start_at_once_make_the_cmks_of_their_file_once(replicas: Replicas) -> None:
    for kms in replicas:
        kms.stop()
    ids = [f"seed-{number}" for number in range(5)]
    seeds = "".join(f"  - {{id: {one}, aliases: [alias/{one}]}}\n" for one in ids)
    configuration = replicas.one.directory / "kms.yaml"
    configuration.write_text(configuration.read_text() + f"keys:\n{seeds}")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(RunningKms.start, replicas))
    for one in ids:
        sealed = replicas.one.call("GenerateDataKey", KeyId=f"alias/{one}")
        opened = replicas.other.call("Decrypt", CiphertextBlob=sealed["CiphertextBlob"])
        assert (opened["KeyId"], opened["Plaintext"]) == (one, sealed["Plaintext"])
    assert replicas.one.call("ListKeys")["TotalCount"] == len(ids)
    versions = replicas.one.call("ListKeyVersions", KeyId=ids[0])
    assert versions["TotalCount"] == 1
