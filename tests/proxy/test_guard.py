# SPDX-License-Identifier: Apache-2.0
"""The guard by itself; what it does for whole messages stands in `test_law_1.py`."""

import asyncio
import logging

import pytest

from sidecar.message import Refusal, RequestHead
from sidecar.proxy.guard import Guard, whereabouts
from sidecar.proxy.stats import HostStats
from sidecar.transform import PASS, Hold, Sealed
from tests.proxy.rig import Marking

HEAD = RequestHead(b"POST", b"/held", "store:1", ())
HOLD = Hold(HEAD, None, 100, observes=False, tenant="")  # type: ignore[arg-type]


def guard(transform: object | None = None) -> tuple[Guard, HostStats]:
    stats = HostStats()
    return Guard(transform or Marking(), stats), stats  # type: ignore[arg-type]


def test_a_claim_is_one_of_three() -> None:
    guarded, stats = guard()
    assert guarded.claim(HEAD._replace(target=b"/other")) is PASS
    assert isinstance(guarded.claim(HEAD), Hold)
    assert not stats.refusals


async def test_with_keys_at_hand_a_task_is_done_at_once() -> None:
    guarded, _ = guard()
    task = guarded.seal(HOLD, b"plain")
    assert task.done()
    assert guarded.verdict(HOLD, task, Sealed) == Sealed(HEAD, b"SEALED")


async def test_a_task_that_is_not_done_in_time_is_cancelled_and_refused() -> None:
    class Hanging(Marking):
        async def seal_request(self, hold: Hold, body: bytes) -> object:
            await asyncio.Event().wait()
            raise AssertionError

    guarded, stats = guard(Hanging())
    task = guarded.seal(HOLD, b"plain")
    refusal = guarded.verdict(HOLD, task, Sealed)
    assert isinstance(refusal, Refusal)
    assert refusal.status == 503
    await asyncio.wait([task])
    assert task.cancelled()
    assert stats.refusals == {"key_unavailable": 1}


async def test_what_an_observer_raises_is_logged_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Raising(Marking):
        async def seal_request(self, hold: Hold, body: bytes) -> object:
            raise ValueError(body)

    caplog.set_level(logging.DEBUG)
    guarded, stats = guard(Raising())
    guarded.observe_request(HOLD, b"plain")
    await asyncio.sleep(0)
    assert "ValueError" in caplog.text
    assert "plain" not in caplog.text
    assert not stats.refusals


def test_whereabouts_are_a_type_and_a_place() -> None:
    try:
        int("a secret")
    except ValueError as error:
        where = whereabouts(error)
    assert where.startswith("ValueError at test_whereabouts_are_a_type_and_a_place:")
    assert whereabouts(KeyError("a secret")) == "KeyError"
