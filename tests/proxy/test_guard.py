# SPDX-License-Identifier: Apache-2.0
"""The guard by itself; what it does for whole messages stands in `test_law_1.py`."""

import asyncio
import logging

import pytest
from msgspec.structs import replace

from sidecar.errors import Overloaded
from sidecar.message import Refusal, RequestHead, ResponseHead
from sidecar.proxy.guard import Guard, whereabouts
from sidecar.proxy.stats import HostStats
from sidecar.transform import PASS, Hold, Opened, Sealed
from tests.proxy.rig import Marking

HEAD = RequestHead(b"POST", b"/held", "store:1", ())
HOLD = Hold(HEAD, 100, observes=False)


def guard(transform: object | None = None) -> tuple[Guard, HostStats]:
    stats = HostStats()
    return Guard(transform or Marking(), stats), stats  # type: ignore[arg-type]


def test_a_claim_is_one_of_three() -> None:
    guarded, stats = guard()
    assert guarded.claim(replace(HEAD, target=b"/other")) is PASS
    assert isinstance(guarded.claim(HEAD), Hold)
    assert not stats.refusals


def test_with_keys_at_hand_the_verdict_comes_at_once() -> None:
    guarded, _ = guard()
    assert guarded.seal(HOLD, b"plain") == Sealed(HEAD, b"SEALED")


@pytest.mark.parametrize("is_eager", [False, True])
async def test_what_has_to_wait_goes_on_in_a_task(*, is_eager: bool) -> None:
    class Waiting(Marking):
        async def seal(self, hold: Hold, body: bytes) -> object:
            await asyncio.sleep(0)
            await asyncio.wait([asyncio.ensure_future(gate.wait())])
            return super().seal(hold, body)

    gate = asyncio.Event()
    if is_eager:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    guarded, _ = guard(Waiting())
    task = guarded.seal(HOLD, b"plain")
    assert isinstance(task, asyncio.Task)
    gate.set()
    await asyncio.wait([task])
    assert guarded.awaited(HOLD, task, Sealed) == Sealed(HEAD, b"SEALED")


async def test_one_that_waits_takes_its_room_before_the_next_is_looked_at() -> None:
    """Or all that come in one turn of the event loop would be held at once, whatever the room."""

    class Crowded(Marking):
        async def seal(self, hold: Hold, body: bytes) -> object:
            if waiting:
                raise Overloaded("no room")
            waiting.append(body)
            await asyncio.Event().wait()
            raise AssertionError

    waiting: list[bytes] = []
    guarded, stats = guard(Crowded())
    first, second = guarded.seal(HOLD, b"first"), guarded.seal(HOLD, b"second")
    assert isinstance(first, asyncio.Task)
    assert isinstance(second, Refusal)
    assert stats.refusals == {"overloaded": 1}
    first.cancel()
    await asyncio.wait([first])


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("error", [ValueError("plain"), asyncio.CancelledError("plain")])
async def test_whatever_is_raised_before_or_after_a_wait_is_a_refusal(
    *, waits: bool, error: BaseException
) -> None:
    class Raising(Marking):
        async def seal(self, hold: Hold, body: bytes) -> object:
            if waits:
                await asyncio.sleep(0)
            raise error

    guarded, stats = guard(Raising())
    verdict = guarded.seal(HOLD, b"plain")
    if isinstance(verdict, asyncio.Task):
        await asyncio.wait([verdict])
        verdict = guarded.awaited(HOLD, verdict, Sealed)
    assert isinstance(verdict, Refusal)
    assert stats.refusals.total() == 1


@pytest.mark.parametrize("given", [None, b"plain", Opened(ResponseHead(200, b"", ()), b"plain")])
@pytest.mark.parametrize("waits", [False, True])
async def test_what_is_no_verdict_is_a_refusal(*, waits: bool, given: object) -> None:
    async def later() -> object:
        return given

    class Mistaken(Marking):
        def seal(self, hold: Hold, body: bytes) -> object:
            return later() if waits else given

    guarded, _ = guard(Mistaken())
    verdict = guarded.seal(HOLD, b"plain")
    if isinstance(verdict, asyncio.Task):
        await asyncio.wait([verdict])
        verdict = guarded.awaited(HOLD, verdict, Sealed)
    assert isinstance(verdict, Refusal)


async def test_a_task_that_is_not_done_in_time_is_cancelled_and_refused() -> None:
    class Hanging(Marking):
        async def seal(self, hold: Hold, body: bytes) -> object:
            await asyncio.Event().wait()
            raise AssertionError

    guarded, stats = guard(Hanging())
    task = guarded.seal(HOLD, b"plain")
    assert isinstance(task, asyncio.Task)
    refusal = guarded.awaited(HOLD, task, Sealed)
    assert isinstance(refusal, Refusal)
    assert refusal.status == 503
    await asyncio.wait([task])
    assert task.cancelled()
    assert stats.refusals == {"key_unavailable": 1}


async def test_what_an_observer_raises_is_logged_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Raising(Marking):
        async def seal(self, hold: Hold, body: bytes) -> object:
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
