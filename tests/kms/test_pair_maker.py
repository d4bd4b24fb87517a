# SPDX-License-Identifier: Apache-2.0
"""Pairs are made beside the calls, one after the other, and whatever goes wrong leaves nothing."""

import asyncio
import os
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sidecar.cli.kms_client import Refusal
from sidecar.hsm import HsmThread, HsmUnavailable, Token
from sidecar.kms import pair_maker
from sidecar.kms.faults import Fault
from sidecar.kms.pair_maker import LOST_SECONDS, MAX_ORDERS, PairMaker
from sidecar.kms.service.rsa_pairs import PairKind, Purpose
from sidecar.kms.service.specs import Level
from sidecar.kms.store import Database, Pairs, list_pairs
from tests.fixtures.kms import RunningKms
from tests.kms.raw import Connection, signed, wire
from tests.kms.refusals import last_record, told

KIND = PairKind("RSA_2048", Purpose.SIGN, Level.HSM)
IMPORT = {"WrappingKeySpec": "RSA_2048", "WrappingAlgorithm": "RSAES_OAEP_SHA_256"}


@pytest.fixture
def maker(hsm: HsmThread, database: Database) -> Iterator[PairMaker]:
    maker = PairMaker(hsm, database)
    yield maker
    maker.close()


def ready(database: Database, kind: PairKind = KIND) -> list[str]:
    with database.snapshot() as connection:
        return [pair.pair_id for pair in Pairs(connection).list_ready(kind)]


def begun(database: Database) -> frozenset[str]:
    with database.snapshot() as connection:
        return list_pairs(connection)


def held(hsm: HsmThread) -> list[str]:
    return [key_id.decode() for key_id in hsm.run(Token.list_key_ids)]


def maker_of(parent: int) -> int | None:
    """The process that makes pairs for this one, as soon as it is that."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
            command = (status.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == parent and b"pair_process" in command:
            return int(status.parent.name)
    return None


def wait_for[T](look: Callable[[], T | None]) -> T:
    """Look until there is something."""
    until = time.monotonic() + 60
    while not (found := look()):
        assert time.monotonic() < until
        time.sleep(0.01)
    return found


async def test_pairs_are_made_and_none_is_left_unsettled(
    maker: PairMaker, hsm: HsmThread, database: Database
) -> None:
    sealed = KIND._replace(level=Level.SOFTWARE)
    await asyncio.gather(
        maker.make(KIND, "1", 60), maker.make(KIND, "1", 60), maker.make(sealed, "1", 60)
    )
    assert sorted(ready(database)) == held(hsm)
    assert len(ready(database)) == 2
    assert len(ready(database, sealed)) == 1
    assert hsm.run(Token.list_pending) == []


async def test_who_waits_too_long_is_told_and_the_pair_comes_all_the_same(
    maker: PairMaker, database: Database
) -> None:
    with pytest.raises(Fault) as caught:
        await maker.make(KIND, "1", 0)
    assert caught.value.fault_code == "ServiceUnavailableTemporary"
    await asyncio.to_thread(wait_for, lambda: ready(database))


async def wait_in_line(maker: PairMaker, *accounts: str) -> list[str]:
    """How those fare who come in this order, and wait for no time."""
    orders = [asyncio.create_task(maker.make(KIND, account, 0)) for account in accounts]
    outcomes = await asyncio.gather(*orders, return_exceptions=True)
    return [one.fault_code for one in outcomes if isinstance(one, Fault)]


WAITED, TOO_MANY = "ServiceUnavailableTemporary", "Rejected.Throttling"


async def test_greedy_accounts_do_not_fill_the_line_for_the_others(maker: PairMaker) -> None:
    greedy = [account for account in "123" for _ in range(MAX_ORDERS + 1)]
    expected = ([WAITED] * MAX_ORDERS + [TOO_MANY]) * 3 + [WAITED]
    assert await wait_in_line(maker, *greedy, "4") == expected


async def test_an_account_is_served_while_another_has_a_long_line(maker: PairMaker) -> None:
    served: list[str] = []

    async def wait(account: str) -> None:
        await maker.make(KIND, account, 60)
        served.append(account)

    first = [asyncio.create_task(wait("1")) for _ in range(MAX_ORDERS)]
    await asyncio.sleep(0)  # they stand in line
    await wait("2")
    assert served in (["1", "2"], ["1", "1", "2"])  # one was being made, one's turn had come
    for task in first:
        task.cancel()
    await asyncio.wait(first)


async def test_a_process_that_dies_leaves_nothing_and_the_next_serves(
    maker: PairMaker, hsm: HsmThread, database: Database
) -> None:
    order = asyncio.create_task(maker.make(KIND, "1", 60))
    process = await asyncio.to_thread(wait_for, lambda: maker_of(os.getpid()))
    os.kill(process, signal.SIGKILL)
    with pytest.raises(HsmUnavailable):
        await order
    assert (held(hsm), begun(database), hsm.run(Token.list_pending)) == ([], frozenset(), [])
    await maker.make(KIND, "1", 60)
    assert held(hsm) == ready(database) != []


async def test_a_process_that_hangs_is_ended(
    maker: PairMaker, hsm: HsmThread, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pair_maker, "PAIR_SECONDS", 1.0)
    order = asyncio.create_task(maker.make(KIND, "1", 60))
    process = await asyncio.to_thread(wait_for, lambda: maker_of(os.getpid()))
    os.kill(process, signal.SIGSTOP)
    with pytest.raises(HsmUnavailable):
        await order
    assert (held(hsm), begun(database)) == ([], frozenset())


def test_what_is_just_being_begun_at_the_end_is_given_up(
    maker: PairMaker, hsm: HsmThread, database: Database
) -> None:
    gate = threading.Event()
    with ThreadPoolExecutor() as others:
        others.submit(hsm.run, lambda _: gate.wait(60))
        order = others.submit(maker.make_now, KIND._replace(key_spec="RSA_4096"))
        closing = others.submit(maker.close)  # there is no process that it could end
        wait_for(lambda: closing.running() or closing.done())
        gate.set()
        assert order.exception() is not None
        assert closing.exception() is None
    assert (held(hsm), begun(database), hsm.run(Token.list_pending)) == ([], frozenset(), [])


async def test_a_module_that_lies_in_the_folder_is_not_run_instead(
    maker: PairMaker, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sidecar").mkdir()
    for name in ("sidecar/__init__.py", "json.py", "base64.py"):
        (tmp_path / name).write_text(f"open({str(tmp_path / 'canary')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    await maker.make(KIND, "1", 60)
    assert len(ready(database)) == 1
    assert not (tmp_path / "canary").exists()


async def test_what_another_process_lost_goes_with_the_next_pair(
    hsm: HsmThread, database: Database
) -> None:
    lost = str(uuid.uuid4())
    with database.transaction() as connection:
        Pairs(connection).begin(lost, KIND, 0)
    hsm.run(lambda token: token.generate_aes(lost.encode(), "as good as a pair", 256))
    young = PairMaker(hsm, database, clock=lambda: LOST_SECONDS)
    await young.make(KIND, "1", 60)
    young.close()
    assert lost in held(hsm)
    old = PairMaker(hsm, database, clock=lambda: LOST_SECONDS + 1)
    await old.make(KIND, "1", 60)
    old.close()
    assert lost not in held(hsm)
    assert sorted(ready(database)) == held(hsm)


async def test_a_ready_pair_that_the_token_lost_goes_with_the_next_pair(
    maker: PairMaker, hsm: HsmThread, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await maker.make(KIND, "1", 60)
    (lost,) = ready(database)
    hsm.run(lambda token: token.destroy(lost.encode()))
    await maker.make(KIND, "1", 60)
    assert held(hsm) == ready(database) != [lost]
    assert caplog.messages == [f"pair {lost} is not in the token: is that an old copy?"]
    await maker.make(KIND, "1", 60)
    assert len(ready(database)) == 2


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningKms]:
    """One whose process that makes pairs nobody else makes work for."""
    running = RunningKms(tmp_path_factory.mktemp("pairs") / "kms")
    running.start()
    yield running
    running.close()


@pytest.fixture
def external(own: RunningKms) -> str:
    key_id: str = own.call("CreateKey", Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    return key_id


def test_data_keys_come_while_a_pair_is_being_made(own: RunningKms, external: str) -> None:
    cmk = own.make_key()
    with ThreadPoolExecutor() as others:
        waiting = others.submit(own.call, "GetParametersForImport", KeyId=external, **IMPORT)
        process = wait_for(lambda: maker_of(own.pid))
        os.kill(process, signal.SIGSTOP)  # it takes for ever
        for _ in range(20):
            sealed = own.call("GenerateDataKey", KeyId=cmk)
            opened = own.call("Decrypt", CiphertextBlob=sealed["CiphertextBlob"])
            assert opened["Plaintext"] == sealed["Plaintext"]
        assert not waiting.done()
        os.kill(process, signal.SIGCONT)
        assert waiting.result()["KeyId"] == external


def test_a_call_that_waits_cannot_be_sent_again_and_is_recorded_once(
    own: RunningKms, external: str
) -> None:
    query = (("KeyId", external), *IMPORT.items())
    request = wire(signed("GetParametersForImport", *query, key=own.access_key))
    with Connection(own) as one, Connection(own) as other:
        one.send(request)
        process = wait_for(lambda: maker_of(own.pid))
        os.kill(process, signal.SIGSTOP)
        other.send(request)
        assert other.read().json["Code"] == "SignatureNonceUsed"
        os.kill(process, signal.SIGCONT)
        answer = one.read()
    assert answer.status == 200
    record = last_record(own)
    assert record["requestId"] == answer.json["RequestId"]
    assert "errorCode" not in record


def test_a_pair_that_never_comes_is_a_refusal_that_is_recorded(
    own: RunningKms, external: str
) -> None:
    with ThreadPoolExecutor() as others:
        waiting = others.submit(own.call, "GetParametersForImport", KeyId=external, **IMPORT)
        os.kill(wait_for(lambda: maker_of(own.pid)), signal.SIGKILL)
        with pytest.raises(Refusal) as caught:
            waiting.result()
    assert told(caught.value.answer) == (503, "ServiceUnavailableTemporary")
    assert last_record(own)["errorCode"] == "ServiceUnavailableTemporary"


def test_a_core_that_is_killed_takes_its_process_with_it_and_forgets_the_pair(
    own: RunningKms, external: str
) -> None:
    with ThreadPoolExecutor() as others:
        waiting = others.submit(own.call, "GetParametersForImport", KeyId=external, **IMPORT)
        process = wait_for(lambda: maker_of(own.pid))
        own.kill()
        assert waiting.exception() is not None
    wait_for(lambda: not Path(f"/proc/{process}").exists())
    own.start()
    assert own.call("GetParametersForImport", KeyId=external, **IMPORT)["KeyId"] == external
