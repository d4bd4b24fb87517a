# SPDX-License-Identifier: Apache-2.0
"""A change of a CMK holds for every call that begins after its answer, however many are under way.

And for none that ended before it was asked for: nothing is refused too early.
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from sidecar.cli.kms_client import Refusal
from tests.fixtures.kms import RunningKms

THREADS = 4
ENOUGH = 10
"""Calls that each thread makes before and after the change."""


class Seen(NamedTuple):
    began: float
    ended: float
    outcome: str


class Crowd:
    """Threads that make the same call again and again."""

    def __init__(self, call: Callable[[], str]) -> None:
        self._call = call
        self.seen: list[list[Seen]] = [[] for _ in range(THREADS)]
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(one,)) for one in self.seen]

    def _run(self, seen: list[Seen]) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                outcome = self._call()
            except Refusal as refusal:
                outcome = refusal.answer["Code"]
            seen.append(Seen(began, time.monotonic(), outcome))

    def wait_for_more(self) -> None:
        """Until each thread has made enough calls from now on."""
        marks = [len(one) + ENOUGH for one in self.seen]
        while any(len(one) < mark for one, mark in zip(self.seen, marks, strict=True)):
            assert all(thread.is_alive() for thread in self._threads)
            time.sleep(0.01)

    @contextmanager
    def calling(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join()

    def outcomes_around(self, change: Callable[[], object]) -> tuple[set[str], set[str]]:
        """What calls came to that ended before the change, and that began after it."""
        with self.calling():
            self.wait_for_more()
            asked = time.monotonic()
            change()
            answered = time.monotonic()
            self.wait_for_more()
        every = [one for seen in self.seen for one in seen]
        return (
            {one.outcome for one in every if one.ended < asked},
            {one.outcome for one in every if one.began > answered},
        )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("DisableKey", {}), "Rejected.Disabled"),
        (("ScheduleKeyDeletion", {"PendingWindowInDays": "7"}), "Rejected.PendingDeletion"),
    ],
)
def test_no_data_key_is_made_or_opened_after_its_cmk_was_taken_out_of_use(
    kms: RunningKms, change: tuple[str, dict[str, str]], code: str
) -> None:
    cmk = kms.make_key()
    blob = kms.call("GenerateDataKey", KeyId=cmk)["CiphertextBlob"]
    turn = iter(range(10**9))

    def call() -> str:
        if next(turn) % 2:
            return "done" if kms.call("GenerateDataKey", KeyId=cmk) else ""
        return "done" if kms.call("Decrypt", CiphertextBlob=blob) else ""

    action, more = change
    before, after = Crowd(call).outcomes_around(lambda: kms.call(action, KeyId=cmk, **more))
    assert (before, after) == ({"done"}, {code})


def test_an_alias_names_one_cmk_at_a_time(kms: RunningKms) -> None:
    old, new, alias = kms.make_key(), kms.make_key(), f"alias/{uuid.uuid4()}"
    kms.call("CreateAlias", KeyId=old, AliasName=alias)
    crowd = Crowd(lambda: str(kms.call("GenerateDataKey", KeyId=alias)["KeyId"]))
    before, after = crowd.outcomes_around(
        lambda: kms.call("UpdateAlias", KeyId=new, AliasName=alias)
    )
    assert (before, after) == ({old}, {new})


def test_of_many_who_create_one_alias_one_has_it(kms: RunningKms) -> None:
    cmks, alias = [kms.make_key() for _ in range(6)], f"alias/{uuid.uuid4()}"
    outcomes: list[str] = []

    def create(cmk: str) -> None:
        try:
            kms.call("CreateAlias", KeyId=cmk, AliasName=alias)
            outcomes.append(cmk)
        except Refusal as refusal:
            outcomes.append(refusal.answer["Code"])

    threads = [threading.Thread(target=create, args=(cmk,)) for cmk in cmks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = set(outcomes) - {"AliasAlreadyExists"}
    assert outcomes.count("AliasAlreadyExists") == len(cmks) - 1
    assert kms.call("DescribeKey", KeyId=alias)["KeyMetadata"]["KeyId"] == winner
