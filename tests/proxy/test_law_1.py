# SPDX-License-Identifier: Apache-2.0
"""Law 1, read from the bytes that the store and the client received: whatever fails, nothing leaks.

Each attack breaks one step in one way. The store must not have seen `plain`, nor the client
`SEALED` as if it were the value; and the client must know that it was refused.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from msgspec import structs

from sidecar.transform import Hold, Opened, Sealed
from tests.fixtures.origin import Origin
from tests.proxy.rig import QUICK, CutShortError, Marking, answer, chunked, get, post, serving

LIMITS = replace(QUICK, idle_seconds=60, header_seconds=60)
SECRET = "plain is a secret word"


class Nothing:
    """An object that is no answer at all."""


def raises(*_: object) -> object:
    raise ValueError(SECRET)


def cancels(*_: object) -> object:
    raise asyncio.CancelledError


def exhausts(*_: object) -> object:
    raise MemoryError(SECRET)


def nothing(*_: object) -> object:
    return None


def truth(*_: object) -> object:
    return True


def stranger(*_: object) -> object:
    return Nothing()


def body_alone(*args: object) -> object:
    return args[-1]


async def hangs(*_: object) -> object:
    await asyncio.Event().wait()


async def cancels_itself(*_: object) -> object:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


def wrapped(failure: object) -> object:
    async def step(*args: object) -> object:
        return failure(*args)  # type: ignore[operator]

    return step


SYNC = [raises, exhausts, cancels, nothing, truth, stranger, body_alone]
ASYNC = [*map(wrapped, SYNC), hangs, cancels_itself, *SYNC[:2], *SYNC[3:]]
SWAPPED = {
    "seal": [wrapped(lambda hold, body: Opened(hold.head, body))],
    "open": [wrapped(lambda _, head, body: Sealed(head, body))],
}
NONSENSE = {
    "seal": [
        wrapped(lambda hold, _: Sealed(hold.head, None)),
        wrapped(lambda hold, _: Sealed(hold.head, "plain")),
        wrapped(lambda _, body: Sealed(None, body)),
        wrapped(lambda hold, body: Sealed(structs.replace(hold.head, method=None), body)),
    ],
    "open": [
        wrapped(lambda head, *_: Opened(head, None)),
        wrapped(lambda *args: Opened(None, args[-1])),
        wrapped(lambda _, head, body: Opened(structs.replace(head, status="200"), body)),
    ],
}
ATTACKS = [
    *(("claim", failure) for failure in (*SYNC, hangs)),
    *((step, failure) for step in ("seal", "open") for failure in ASYNC),
    *((step, failure) for step in SWAPPED for failure in SWAPPED[step]),
    *((step, failure) for step in NONSENSE for failure in NONSENSE[step]),
]
REQUESTS = [post(b"/held", b"plain"), chunked(b"/held", b"pl", b"ain"), get(b"/held")]


class Broken(Marking):
    """A transform one step of which was replaced by a failure."""

    def __init__(self, step: str, failure: object) -> None:
        setattr(self, step, failure)


@pytest.fixture
async def store(origin: Origin) -> AsyncIterator[Origin]:
    origin.answer = answer(b"SEALED")
    yield origin
    assert b"plain" not in origin.everything
    assert not origin.misread


@pytest.mark.parametrize(("step", "failure"), ATTACKS)
@pytest.mark.filterwarnings("ignore:coroutine 'hangs' was never awaited")  # as a claim
async def test_a_step_that_fails_in_any_way_is_a_refusal(
    store: Origin, caplog: pytest.LogCaptureFixture, step: str, failure: object
) -> None:
    caplog.set_level(logging.DEBUG)
    async with serving(store, Broken(step, failure), LIMITS) as rig:
        for request in REQUESTS:
            client = await rig.client()
            try:
                found = await client.ask(request)
            except CutShortError:
                continue  # the connection is broken off: no client takes that for an answer
            assert found.status >= 400
            assert b"SEALED" not in found.body
    if step != "open":
        assert not store.received
    assert "plain" not in caplog.text


@pytest.mark.parametrize("step", ["seal", "open"])
async def test_what_fails_once_does_not_spoil_what_comes_after(store: Origin, step: str) -> None:
    async with serving(store, Broken(step, wrapped(raises)), LIMITS) as rig:
        client = await rig.client()
        found = await client.ask(post(b"/held", b"plain"))
        assert (found.status, found.body) == (500, b"internal")
        delattr(rig.transform, step)
        assert (await client.ask(post(b"/held", b"plain"))).body == b"plain"


@pytest.mark.parametrize("failure", [raises, nothing, stranger])
async def test_a_refusal_that_cannot_be_worded_is_one_all_the_same(
    store: Origin, failure: object
) -> None:
    transform = Broken("seal", wrapped(raises))
    transform.refusal = failure  # type: ignore[method-assign, assignment]
    async with serving(store, transform) as rig:
        found = await (await rig.client()).ask(post(b"/held", b"plain"))
    assert found.status == 500
    assert b"plain" not in found.body
    assert not store.received


@pytest.mark.parametrize("answers", [raises, nothing, stranger, truth])
async def test_a_doubt_whether_a_host_is_protected_is_a_yes(
    origin: Origin, answers: object
) -> None:
    transform = Broken("protects", answers)
    async with serving(origin, transform) as rig:
        client = await rig.client()
        await client.ask(get(b"/plain", b"Upgrade: h2c", b"Connection: upgrade"))
    assert not origin.complete[0].values(b"upgrade")


class Counting(Marking):
    """Raises inside the layer itself: the limit that the layer compares with fails at a turn."""

    def __init__(self, fails_at: int) -> None:
        self.turns = 0
        self.fails_at = fails_at
        self.body_limit = self  # type: ignore[assignment]

    def _turn(self) -> bool:
        self.turns += 1
        if self.turns == self.fails_at:
            raise RuntimeError(SECRET)
        return False

    def __lt__(self, _: object) -> bool:
        return self._turn()

    def __gt__(self, _: object) -> bool:
        return self._turn()


IN_CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nSEALED\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("request_", "answered"),
    [
        (post(b"/held", b"plain"), answer(b"SEALED")),  # compared at the head of either message
        (chunked(b"/held", b"plain"), IN_CHUNKS),  # or with what was gathered of its body
    ],
)
async def test_an_error_in_the_layer_itself_breaks_both_connections_off(
    store: Origin, caplog: pytest.LogCaptureFixture, request_: bytes, answered: bytes
) -> None:
    caplog.set_level(logging.DEBUG)
    store.answer = answered
    outcomes = []
    for turn in range(1, 4):
        async with serving(store, Counting(turn)) as rig:
            client = await rig.client()
            try:
                outcomes.append((await client.ask(request_)).body)
            except CutShortError:
                outcomes.append(b"cut")
    assert outcomes == [b"cut", b"cut", b"plain"]
    assert "plain" not in caplog.text


async def test_a_passed_answer_that_the_layer_fails_on_is_no_complete_answer(
    origin: Origin,
) -> None:
    class Odd(Marking):
        """Its limit fails when the observed answer has begun."""

        async def seal(self, hold: Hold, body: bytes) -> object:
            return Sealed(hold.head, body)

    transform = Odd()
    transform.body_limit = Counting(2)  # type: ignore[assignment]
    origin.answer = answer(b"x" * 100)
    async with serving(origin, transform) as rig:
        client = await rig.client()
        with pytest.raises(CutShortError):
            await client.ask(get(b"/observed"))
        assert rig.host.stats.aborts == 1
