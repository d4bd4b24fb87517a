# SPDX-License-Identifier: Apache-2.0
"""The one place where anything raised becomes a refusal (law 1, fail closed).

mitmproxy fails open: an exception in a hook is logged and the message goes on as it is. So nothing
of the transform is called but through here, and only an answer of the right type counts as one:
whatever is raised, returned by mistake or cancelled is turned into `transform.refusal(…)`, whose
own failure is met by a fixed answer. The layer applies it: nothing of that message goes upstream,
and where bytes of it may have gone, that connection is cut (`layers/http1/exchange.py`).
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine
from typing import Any, Protocol

from sidecar.errors import KeyUnavailable, Refused, SidecarError
from sidecar.message import Refusal, RequestHead, ResponseHead
from sidecar.proxy.stats import HostStats
from sidecar.transform import PASS, Claim, Hold, Later, Opened, Sealed

logger = logging.getLogger(__name__)

_ANYTHING = (Exception, asyncio.CancelledError)
"""What is raised in a transform is a refusal, whatever it is: the guard's purpose."""
_LAST_RESORT = Refusal(
    500,
    ((b"Content-Type", b"application/problem+json"),),
    b'{"type":"about:blank","title":"Internal Server Error","status":500,"code":"internal"}',
    "internal",
)


class UpstreamFailed(SidecarError):
    """The upstream cannot be reached, or its answer cannot be used; `why` names no target."""

    status = 502
    code = "upstream_failed"


class UpstreamSilent(UpstreamFailed):
    """The upstream did not answer in time."""

    status = 504
    code = "upstream_silent"


class MessageTransform(Protocol):
    """What decides on messages: a `Transform`, or what only looks on.

    It gets back the holds that it has claimed, and no others.
    """

    @property
    def hosts(self) -> Collection[str]:
        """Every `host:port` that some rule names."""

    def protects(self, authority: str) -> bool:
        """Whether some rule names this destination."""

    def claim(self, head: RequestHead) -> Claim:
        """Whether a request passes, is held, or is refused already."""

    def seal(self, hold: Any, body: bytes) -> Sealed | Refusal | Later[Sealed]:
        """The request to send to the store, or what to tell the client instead."""

    def open(self, hold: Any, head: ResponseHead, body: bytes) -> Opened | Refusal | Later[Opened]:
        """The answer to hand to the client, or what to tell it instead."""

    def refusal(self, hold: Any, error: BaseException) -> Refusal:
        """The local answer to `error`; `hold` is None where nothing was claimed."""


class Guard:
    """Calls the transform on behalf of every layer; its methods never raise."""

    def __init__(self, transform: MessageTransform, stats: HostStats) -> None:
        self._transform = transform
        self._stats = stats
        self._observations: set[asyncio.Task[Any]] = set()

    def claim(self, head: RequestHead) -> Claim:
        """PASS only when the transform said exactly that."""
        try:
            claim: object = self._transform.claim(head)
        except Exception as error:  # noqa: BLE001 - the guard's purpose
            return self.refusal(None, error)
        if claim is PASS:
            return PASS
        if isinstance(claim, Hold):
            return claim
        if isinstance(claim, Refusal):
            self._stats.refusals[claim.code] += 1
            return claim
        return self.refusal(None, _wrong_type(claim))

    def protects(self, authority: str) -> bool:
        """Whether any rule names this destination; a doubt is a yes."""
        try:
            return self._transform.protects(authority) is not False
        except Exception as error:  # noqa: BLE001 - the guard's purpose
            logger.error("asking whether a host is protected failed: %s", whereabouts(error))  # noqa: TRY400 - its words may hold values
            return True

    def hosts(self) -> Collection[str]:
        """Every destination that a rule names."""
        try:
            return self._transform.hosts
        except Exception as error:  # noqa: BLE001 - the guard's purpose
            logger.error("asking for the protected hosts failed: %s", whereabouts(error))  # noqa: TRY400 - likewise
            raise Refused("it cannot be told whether the destination is protected") from None

    def seal(self, hold: Hold, body: bytes) -> Sealed | Refusal | asyncio.Task[Sealed | Refusal]:
        """The verdict on one whole request; a task while a key for it has to be waited for."""
        try:
            verdict = self._transform.seal(hold, body)
        except _ANYTHING as error:
            return self.refusal(hold, error)
        return verdict if isinstance(verdict, Sealed) else self._judge(hold, verdict, Sealed)

    def open(
        self, hold: Hold, head: ResponseHead, body: bytes
    ) -> Opened | Refusal | asyncio.Task[Opened | Refusal]:
        """The verdict on one whole answer; a task while a key for it has to be waited for."""
        try:
            verdict = self._transform.open(hold, head, body)
        except _ANYTHING as error:
            return self.refusal(hold, error)
        return verdict if isinstance(verdict, Opened) else self._judge(hold, verdict, Opened)

    def _judge[T: Sealed | Opened](
        self, hold: Hold, verdict: object, kind: type[T]
    ) -> T | Refusal | asyncio.Task[T | Refusal]:
        if isinstance(verdict, Coroutine):
            # Begun at once: what has to wait takes its room before the next message is looked at,
            # and what comes to an end without a wait is none.
            loop = asyncio.get_running_loop()
            task = asyncio.Task[Any](verdict, loop=loop, eager_start=True)
            return self.awaited(hold, task, kind) if task.done() else task
        return self._verdict(hold, verdict, kind)

    def awaited[T: Sealed | Opened](
        self, hold: Hold, task: asyncio.Task[T | Refusal], kind: type[T]
    ) -> T | Refusal:
        """What a task of `seal` or `open` came to; one that is not done came too late."""
        if not task.done():
            task.cancel()
            return self.refusal(hold, KeyUnavailable("no key came within the time limit"))
        try:
            result = task.result()
        except _ANYTHING as error:
            return self.refusal(hold, error)
        return self._verdict(hold, result, kind)

    def _verdict[T: Sealed | Opened](
        self, hold: Hold, result: object, kind: type[T]
    ) -> T | Refusal:
        if isinstance(result, kind):
            return result
        if isinstance(result, Refusal):
            self._stats.refusals[result.code] += 1
            return result
        return self.refusal(hold, _wrong_type(result))

    def observe_request(self, hold: Hold, body: bytes) -> None:
        """Show the transform a request that has gone on as it was."""
        self._observe(self._transform.seal, hold, body)

    def observe_answer(self, hold: Hold, head: ResponseHead, body: bytes) -> None:
        """Show the transform an answer that has gone on as it was."""
        self._observe(self._transform.open, hold, head, body)

    def _observe(self, look: Callable[..., object], *message: Any) -> None:
        task = asyncio.get_running_loop().create_task(_observation(look, *message))
        self._observations.add(task)  # the loop itself keeps only weak references
        task.add_done_callback(self._observations.discard)

    def refusal(self, hold: Hold | None, error: BaseException) -> Refusal:
        """The local answer to `error`, in the dialect of the store that the rule names."""
        if not isinstance(error, SidecarError):
            logger.error("refused a message: %s", whereabouts(error))
        try:
            refusal: object = self._transform.refusal(hold, error)
        except Exception as another:  # noqa: BLE001 - the guard's purpose
            logger.error("wording a refusal failed: %s", whereabouts(another))  # noqa: TRY400 - likewise
            refusal = _LAST_RESORT
        if not isinstance(refusal, Refusal):
            refusal = _LAST_RESORT
        self._stats.refusals[refusal.code] += 1
        return refusal


async def _observation(look: Callable[..., object], *message: Any) -> None:
    try:
        verdict = look(*message)
        if isinstance(verdict, Coroutine):
            await verdict
    except Exception as error:  # noqa: BLE001 - the message has gone on already
        logger.error("observing a message failed: %s", whereabouts(error))  # noqa: TRY400 - its words may hold values


def whereabouts(error: BaseException) -> str:
    """The type of `error` and where it was raised; its words may hold what nobody may log."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"


def _wrong_type(value: object) -> TypeError:
    return TypeError(f"the transform answered with a {type(value).__name__}")
