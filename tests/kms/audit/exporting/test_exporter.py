# SPDX-License-Identifier: Apache-2.0
"""Everything that was committed arrives, at least once, whatever fails in between."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from sidecar.kms.audit import append, tail
from sidecar.kms.audit.exporting import Exporter, cursor, exporter, make_exporter
from sidecar.kms.audit.exporting.lines import parse, read_files
from sidecar.kms.audit.exporting.sink import DeliveryFailed
from sidecar.kms.audit.settings import FolderExport, WebhookExport
from sidecar.kms.audit.verification import Claim, verify_export
from sidecar.kms.store import Database
from tests.kms.audit.exporting.receivers import HookReceiver
from tests.kms.audit.exporting.test_sinks import wait_until


class Memory:
    """A place that keeps what it gets, and fails when it is told to."""

    def __init__(self) -> None:
        self.claims: list[Claim] = []
        self.failures = 0
        self.after: Callable[[], None] | None = None

    def deliver(self, batch: Sequence[Claim]) -> None:
        if self.failures:
            self.failures -= 1
            raise DeliveryFailed("memory: full")
        self.claims += batch
        if self.after is not None:
            self.after()

    def close(self) -> None: ...

    @property
    def numbers(self) -> list[int]:
        return [claim.link.sequence for claim in self.claims]


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses of a real one are for real outages."""
    for name in ("POLL_SECONDS", "FIRST_PAUSE", "LONGEST_PAUSE"):
        monkeypatch.setattr(exporter, name, 0.02)


def add(database: Database, count: int) -> None:
    with database.transaction() as connection:
        append(connection, *['{"eventName":"Decrypt"}'] * count)


@pytest.fixture
def running() -> Iterator[Callable[[Exporter], Exporter]]:
    started: list[Exporter] = []

    def start(one: Exporter) -> Exporter:
        one.start()
        started.append(one)
        return one

    yield start
    for one in started:
        one.stop()


def test_what_is_committed_arrives_in_order_and_verifies(
    database: Database, running: Callable[[Exporter], Exporter]
) -> None:
    memory = Memory()
    add(database, 1234)
    running(Exporter("m", memory, database))
    wait_until(lambda: len(memory.claims) == 1234)
    add(database, 1)
    wait_until(lambda: len(memory.claims) == 1235)
    assert verify_export(memory.claims, None).sequence == 1235


def test_it_goes_on_where_it_was_after_a_new_start(database: Database) -> None:
    add(database, 3)
    first, second = Memory(), Memory()
    assert Exporter("m", first, database).carry()
    add(database, 2)
    with database.transaction() as connection:
        at = cursor.find(connection, "m")
        assert at is not None
        cursor.advance(connection, "m", at.holder, 3, now=0)  # the one before is long gone
    assert Exporter("m", second, database).carry()
    assert (first.numbers, second.numbers) == ([1, 2, 3], [4, 5])
    assert second.claims[0].previous == first.claims[-1].link.digest


def test_a_sink_that_fails_is_tried_again_and_told_of_once(
    database: Database, running: Callable[[Exporter], Exporter], caplog: pytest.LogCaptureFixture
) -> None:
    memory = Memory()
    memory.failures = 3
    add(database, 2)
    running(Exporter("m", memory, database))
    wait_until(lambda: memory.numbers == [1, 2])
    wait_until(lambda: "goes on" in caplog.text)
    assert caplog.text.count("waits and tries again: memory: full") == 1


def test_what_could_not_be_noted_is_delivered_again(database: Database) -> None:
    """The at-least in at least once; the lines verify all the same."""
    memory = Memory()
    add(database, 2)
    carrier = Exporter("m", memory, database)

    def lose() -> None:
        memory.after = None
        raise DeliveryFailed("memory: it arrived, and nobody heard so")

    memory.after = lose
    with pytest.raises(DeliveryFailed):
        carrier.carry()
    assert carrier.carry()
    assert memory.numbers == [1, 2, 1, 2]
    assert verify_export(memory.claims, None).sequence == 2


def test_one_replica_carries_at_a_time_and_another_takes_over(
    database: Database, file: Path
) -> None:
    first, second = Memory(), Memory()
    add(database, 1)
    carrier = Exporter("m", first, database)
    assert carrier.carry()
    with closing(Database.sqlite(file)) as replica:
        other = Exporter("m", second, replica)
        add(database, 1)
        assert not other.carry()
        now = int(time.time())
        later = now + 2 * cursor.HOLD_SECONDS
        with database.transaction() as connection:
            assert cursor.claim(connection, "m", "silent", later)
            assert not cursor.claim(connection, "m", "another", later + 1)
            cursor.advance(connection, "m", "not the holder", 99, later)
            assert cursor.find(connection, "m") == (1, "silent", later + cursor.HOLD_SECONDS)
            cursor.advance(connection, "m", "silent", 1, now)
        assert not carrier.carry()
        assert (first.numbers, second.numbers) == ([1], [])
        with database.transaction() as connection:
            cursor.advance(connection, "m", "silent", 1, now=0)
        assert other.carry()
    assert (first.numbers, second.numbers) == ([1], [2])


def test_a_hanging_sink_is_in_nobodys_way(
    database: Database, running: Callable[[Exporter], Exporter]
) -> None:
    memory, gate = Memory(), threading.Event()

    def hang() -> None:
        gate.wait(30)

    memory.after = hang
    add(database, 1)
    running(Exporter("m", memory, database))
    wait_until(lambda: memory.numbers == [1])
    add(database, 50)  # a call that had to wait for the sink would hang here
    with database.snapshot() as connection:
        assert tail(connection, 1)[0].sequence == 51
    gate.set()
    wait_until(lambda: memory.numbers == list(range(1, 52)))


def test_what_is_left_is_delivered_at_the_end(database: Database) -> None:
    memory = Memory()
    one = Exporter("m", memory, database)
    one.start()
    add(database, 700)
    one.stop()
    assert memory.numbers == list(range(1, 701))


def test_an_export_to_files_and_one_to_a_url_tell_the_same(
    database: Database, tmp_path: Path, running: Callable[[Exporter], Exporter]
) -> None:
    add(database, 5)
    with HookReceiver([503, 500]) as receiver:
        running(make_exporter(FolderExport("disk", tmp_path / "audit"), database))
        running(make_exporter(WebhookExport("hook", receiver.url), database))
        wait_until(lambda: bool(receiver.bodies) and (tmp_path / "audit").exists())
        wait_until(lambda: len(list(read_files(list((tmp_path / "audit").iterdir())))) == 5)
        sent = [parse(text) for text in receiver.bodies[0].splitlines(keepends=True)]
    written = list(read_files(list((tmp_path / "audit").iterdir())))
    assert [one.link for one in written] == [one.link for one in sent if one]


def test_no_error_ends_an_export(
    database: Database, running: Callable[[Exporter], Exporter], caplog: pytest.LogCaptureFixture
) -> None:
    """Not one that nobody thought of either; its text, which may quote a record, is not told."""
    memory = Memory()
    errors = [ZeroDivisionError("a canary"), RecursionError("a canary")]

    def fail() -> None:
        if errors:
            raise errors.pop()

    memory.after = fail
    add(database, 2)
    running(Exporter("m", memory, database))
    wait_until(lambda: memory.numbers == [1, 2] * 3)
    wait_until(lambda: "goes on" in caplog.text)
    assert "waits and tries again: RecursionError" in caplog.text
    assert "a canary" not in caplog.text


def test_a_clock_that_was_set_back_holds_no_export_up(database: Database) -> None:
    """The one that held it ended; by the clock of now it does so for another day."""
    add(database, 2)
    with database.transaction() as connection:
        assert cursor.claim(connection, "m", "another", int(time.time()) + 24 * 3600)
    memory = Memory()
    assert Exporter("m", memory, database).carry()
    assert memory.numbers == [1, 2]
