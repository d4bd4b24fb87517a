# SPDX-License-Identifier: Apache-2.0
"""The one thread: order, time-outs, a token that hangs, and callers that go away."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from sidecar.hsm import HsmThread, HsmUnavailable, Pkcs11Uri, Token


def test_many_callers_are_served_by_one_thread(hsm: HsmThread) -> None:
    hsm.run(lambda token: token.generate_aes(b"k", "k", 256))

    def work(token: Token) -> str:
        iv, sealed = token.encrypt_gcm(b"k", b"text", b"")
        assert token.decrypt_gcm(b"k", iv, sealed, b"") == b"text"
        return threading.current_thread().name

    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(lambda _: hsm.run(work), range(200)))
    assert names == {"hsm"}


def test_what_work_raises_is_raised_to_its_caller(hsm: HsmThread) -> None:
    for error in (ZeroDivisionError("x"), TimeoutError("the work's own")):
        with pytest.raises(type(error), match=str(error)):
            hsm.run(_raise(error))
    assert hsm.run(Token.has_anchor)


def _raise(error: Exception):
    def work(_: Token) -> None:
        raise error

    return work


def test_nobody_hangs_with_a_token_that_hangs(token_uri: Pkcs11Uri) -> None:
    release = threading.Event()
    with HsmThread(token_uri, timeout=0.2) as thread:
        with pytest.raises(HsmUnavailable, match="did not answer within"):
            thread.run(lambda _: release.wait(30))
        assert thread.is_wedged
        with pytest.raises(HsmUnavailable, match="has not answered for"):
            thread.run(Token.has_anchor)  # at once, without waiting
        release.set()
        while thread.is_wedged:
            pass
        assert thread.run(lambda _: "serves on") == "serves on"


async def test_coroutines_wait_without_blocking_the_loop(hsm: HsmThread) -> None:
    loop, release = asyncio.get_running_loop(), threading.Event()
    entered = asyncio.Event()

    def work(_: Token) -> str:
        loop.call_soon_threadsafe(entered.set)
        release.wait(30)
        return "done"

    task = asyncio.create_task(hsm.submit(work))
    await entered.wait()
    release.set()
    assert await task == "done"


async def test_a_coroutine_does_not_hang_with_a_token_that_hangs(token_uri: Pkcs11Uri) -> None:
    release = threading.Event()
    with HsmThread(token_uri, timeout=0.2) as thread:
        with pytest.raises(HsmUnavailable, match="did not answer within"):
            await thread.submit(lambda _: release.wait(30))
        release.set()


async def test_a_time_out_of_the_work_itself_is_raised(hsm: HsmThread) -> None:
    with pytest.raises(TimeoutError, match="its own"):
        await hsm.submit(_raise(TimeoutError("its own")))


async def test_work_that_is_cancelled_before_its_turn_is_not_done(hsm: HsmThread) -> None:
    release, done = threading.Event(), []
    first = asyncio.create_task(hsm.submit(lambda _: release.wait(30)))
    second = asyncio.create_task(hsm.submit(lambda _: done.append("second")))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    release.set()
    await first
    assert await hsm.submit(lambda _: list(done)) == []


def test_a_closed_thread_says_so(token_uri: Pkcs11Uri) -> None:
    thread = HsmThread(token_uri)
    thread.close()
    thread.close()
    with pytest.raises(HsmUnavailable, match="closed"):
        thread.run(Token.has_anchor)


def test_neither_thread_nor_token_print_a_pin(hsm: HsmThread, token_uri: Pkcs11Uri) -> None:
    pin = token_uri.pin_source.read().reveal()
    printed = f"{hsm!r} {hsm._token!r} {token_uri!r} {token_uri}"
    assert pin not in printed
