# SPDX-License-Identifier: Apache-2.0
"""The one thread that touches the module, and the door to it.

Work comes as a function of the token and is done in the order of arrival; so whatever runs here
needs no locks. A caller waits no longer than `timeout`: a token that hangs inside its module
cannot be interrupted, but nobody has to hang with it. While it hangs, new work is turned away at
once; when it returns, the thread serves on.

A forked child gets a thread of its own on its first call, and the token connects afresh.
"""

import asyncio
import os
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple, Self

from sidecar.hsm.errors import HsmUnavailable
from sidecar.hsm.token import Token
from sidecar.hsm.uri import Pkcs11Uri

MAX_WAITING = 4096
"""Calls that may wait; beyond it the caller hears at once what it would hear at the timeout."""


class _Job(NamedTuple):
    work: Callable[[Token], Any]
    future: Future[Any]


class HsmThread:
    """A token and the thread that it lives on."""

    def __init__(self, uri: Pkcs11Uri, timeout: float = 10.0) -> None:
        self.uri = uri
        self._token = Token(uri)
        self._timeout = timeout
        self._is_closed = False
        self._start()

    def __repr__(self) -> str:
        return f"HsmThread({self._token!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_wedged(self) -> bool:
        """Whether the call that runs now has run for longer than any caller waits."""
        began = self._began
        return began is not None and time.monotonic() - began > self._timeout

    def run[T](self, work: Callable[[Token], T], timeout: float | None = None) -> T:
        """Do `work` on the thread and wait for it; what it raises is raised here."""
        future = self._put(work)
        patience = timeout or self._timeout
        try:
            return future.result(patience)
        except TimeoutError as error:
            if future.done():
                raise  # the work's own
            raise self._give_up(future, patience) from error

    async def submit[T](self, work: Callable[[Token], T]) -> T:
        """Like `run`, for a coroutine. Work that is cancelled before its turn is not done."""
        future = self._put(work)
        waiting = asyncio.wrap_future(future)  # cancelling it cancels what has not begun
        try:
            return await asyncio.wait_for(waiting, self._timeout)
        except TimeoutError as error:
            if not waiting.cancelled():
                raise  # the work's own
            raise self._give_up(future, self._timeout) from error

    def close(self) -> None:
        """Finish what is queued, let the token go and end the thread."""
        if self._is_closed:
            return
        self._is_closed = True
        self._jobs.put(None)
        self._thread.join(self._timeout)

    def _start(self) -> None:
        self._pid = os.getpid()
        self._began: float | None = None
        self._jobs: queue.Queue[_Job | None] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._serve, name="hsm", daemon=True)
        self._thread.start()

    def _put[T](self, work: Callable[[Token], T]) -> Future[T]:
        if self._is_closed:
            raise HsmUnavailable("the HSM thread is closed")
        if self._pid != os.getpid():
            self._token.forget()
            self._start()
        if self.is_wedged:
            raise HsmUnavailable(f"the token has not answered for {self._timeout:g} s")
        future: Future[T] = Future()
        try:
            self._jobs.put_nowait(_Job(work, future))
        except queue.Full:
            raise HsmUnavailable(f"{MAX_WAITING} calls wait for the token already") from None
        return future

    def _give_up(self, future: Future[Any], seconds: float) -> HsmUnavailable:
        future.cancel()
        return HsmUnavailable(f"the token did not answer within {seconds:g} s")

    def _serve(self) -> None:
        jobs, token = self._jobs, self._token
        while (job := jobs.get()) is not None:
            if not job.future.set_running_or_notify_cancel():
                continue
            self._began = time.monotonic()
            try:
                result = job.work(token)
            except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the caller
                job.future.set_exception(error)
            else:
                job.future.set_result(result)
            finally:
                self._began = None
            del job
        token.close()
