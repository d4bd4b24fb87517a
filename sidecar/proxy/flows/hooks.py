# SPDX-License-Identifier: Apache-2.0
"""The hooks of mitmproxy by which a flow is sealed and opened; fail closed, whatever happens.

    server_connect   to a protected address by its own name alone
    requestheaders   refuse what can be refused early; nothing that is held is streamed
    request          claim · seal, after every other addon has had its way with the flow
    responseheaders  break off what has no end
    response         open

mitmproxy goes on when a hook raises, so each step is taken by `_closed`, which ends the flow then.
What has left already cannot be called back: options that would let it leave are refused.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from weakref import WeakKeyDictionary

from mitmproxy import ctx
from mitmproxy.exceptions import OptionsError
from mitmproxy.hooks import UpdateHook
from mitmproxy.http import HTTPFlow, Message
from mitmproxy.proxy.layer import NextLayer
from mitmproxy.proxy.server_hooks import ServerConnectionHookData
from mitmproxy.tls import ClientHelloData

from sidecar.backends import Endless, is_endless
from sidecar.errors import SidecarError
from sidecar.message import Refusal
from sidecar.proxy.flows import messages, raw
from sidecar.proxy.flows.names import destination, leads_astray
from sidecar.proxy.guard import Guard, UpstreamFailed, whereabouts
from sidecar.transform import PASS, Claim, Hold, Opened, Sealed

logger = logging.getLogger(__name__)

_SWITCHING = 101
_NEVER = {
    "stream_large_bodies": "bodies would leave before they are sealed",
    "ssl_insecure": "the store would not be verified",
}
_ALWAYS = {"validate_inbound_headers": "requests could be smuggled past the rules"}


def refuse_unsafe_options() -> None:
    """OptionsError where mitmproxy's options would let plain values leave."""
    for option, why in _NEVER.items():
        if getattr(ctx.options, option):
            raise OptionsError(f"{option} must not be set: {why}")  # type: ignore[no-untyped-call]
    for option, why in _ALWAYS.items():
        if not getattr(ctx.options, option):
            raise OptionsError(f"{option} must stay on: {why}")  # type: ignore[no-untyped-call]


class InForce(NamedTuple):
    """The rules at work, and how long one message may wait for its keys."""

    guard: Guard
    key_seconds: float


class FlowHooks:
    """An addon; every flow waits until `ready`, when all was proved, and ends where it is not."""

    name = "envelope-sidecar"

    def __init__(self, ready: asyncio.Future[InForce]) -> None:
        self._ready = ready
        self._holds: WeakKeyDictionary[HTTPFlow, Hold] = WeakKeyDictionary()

    def configure(self, updated: set[str]) -> None:
        del updated
        refuse_unsafe_options()

    async def next_layer(self, data: NextLayer) -> None:
        if data.layer is not None and raw.is_raw(data.layer) and await self._names_protected(data):
            data.layer = raw.Closed(data.context)

    async def tls_clienthello(self, data: ClientHelloData) -> None:
        if data.ignore_connection and await self._names_protected(data):
            data.ignore_connection = False

    async def server_connect(self, data: ServerConnectionHookData) -> None:
        """Whatever a client or another addon calls a protected address, rules know one name."""
        address = data.server.address
        try:
            guard = (await asyncio.shield(self._ready)).guard
            if address is None or not await leads_astray(address[:2], guard.protects):
                return
        except Exception as error:  # noqa: BLE001 - a doubt is a yes
            logger.error("asking where a name leads failed: %s", whereabouts(error))  # noqa: TRY400 - no values
        data.server.error = "rules name the destination otherwise: ask for that name"

    async def requestheaders(self, flow: HTTPFlow) -> None:
        await self._closed(self._see, flow)

    async def request(self, flow: HTTPFlow) -> None:
        await self._closed(self._seal, flow)

    async def responseheaders(self, flow: HTTPFlow) -> None:
        await self._closed(self._foresee, flow)

    async def response(self, flow: HTTPFlow) -> None:
        await self._closed(self._open, flow)

    async def _closed(
        self, step: Callable[[Guard, HTTPFlow], Awaitable[None]], flow: HTTPFlow
    ) -> None:
        try:
            guard = (await asyncio.shield(self._ready)).guard
            try:
                await step(guard, flow)
            except SidecarError as error:
                messages.answer(flow, guard.refusal(self._holds.pop(flow, None), error))
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - law 1
            logger.error("a flow was broken off: %s", whereabouts(error))  # noqa: TRY400 - no values
            flow.request.stream = False
            if flow.killable:
                flow.kill()  # type: ignore[no-untyped-call]

    async def _names_protected(self, data: NextLayer | ClientHelloData) -> bool:
        try:
            guard = (await asyncio.shield(self._ready)).guard
            return raw.names_protected(data, guard.protects)
        except Exception as error:  # noqa: BLE001 - a doubt is a yes
            logger.error("asking whom a connection is for failed: %s", whereabouts(error))  # noqa: TRY400 - no values
            return True

    async def _see(self, guard: Guard, flow: HTTPFlow) -> None:
        if flow.response is not None:
            return  # another addon has answered: nothing goes to a store
        claim = _claim(guard, flow)
        if claim is PASS:
            return
        flow.request.stream = False
        if isinstance(claim, Refusal):
            messages.answer(flow, claim)

    async def _seal(self, guard: Guard, flow: HTTPFlow) -> None:
        if flow.response is not None:
            return
        if flow.intercepted:  # somebody may edit it: what is sealed is what comes of that
            await ctx.master.addons.trigger_event(UpdateHook([flow]))
            await flow.wait_for_resume()  # type: ignore[no-untyped-call]
        claim = _claim(guard, flow)
        if claim is PASS:
            return
        if isinstance(claim, Refusal):
            messages.answer(flow, claim)
            return
        body = _whole_body(flow.request)
        if claim.observes:
            guard.observe_request(claim, body)
        else:
            verdict = await self._settled(guard, claim, guard.seal(claim, body), Sealed)
            if isinstance(verdict, Refusal):
                messages.answer(flow, verdict)
                return
            messages.apply_sealed(flow.request, verdict)
        self._holds[flow] = claim

    async def _foresee(self, guard: Guard, flow: HTTPFlow) -> None:
        """Let nobody wait for the end of an answer that has none."""
        hold, response = self._holds.get(flow), flow.response
        if hold is None or response is None:
            return
        is_stream = is_endless(response.headers.fields)
        response.stream = is_stream and hold.observes
        if not is_stream:
            return
        del self._holds[flow]
        if not hold.observes:  # mitmproxy would read on before it gave another answer
            guard.refusal(hold, Endless("an event stream has no end at which it could be opened"))
            flow.kill()  # type: ignore[no-untyped-call]

    async def _open(self, guard: Guard, flow: HTTPFlow) -> None:
        hold, response = self._holds.pop(flow, None), flow.response
        assert response is not None  # noqa: S101 - this hook is about an answer
        if response.status_code == _SWITCHING and guard.protects(destination(flow, guard.protects)):
            if not (
                messages.offers_websocket(flow.request) and messages.offers_websocket(response)
            ):
                raise UpstreamFailed("the upstream changed the protocol without being asked to")
            return
        if hold is None:
            return
        head, body = messages.response_head(response), _whole_body(response)
        if hold.observes:
            guard.observe_answer(hold, head, body)
            return
        verdict = await self._settled(guard, hold, guard.open(hold, head, body), Opened)
        if isinstance(verdict, Refusal):
            messages.answer(flow, verdict)
        else:
            messages.apply_opened(flow, verdict)

    async def _settled[T: Sealed | Opened](
        self,
        guard: Guard,
        hold: Hold,
        verdict: T | Refusal | asyncio.Task[T | Refusal],
        kind: type[T],
    ) -> T | Refusal:
        if not isinstance(verdict, asyncio.Task):
            return verdict
        await asyncio.wait((verdict,), timeout=self._ready.result().key_seconds)
        return guard.awaited(hold, verdict, kind)


def _claim(guard: Guard, flow: HTTPFlow) -> Claim:
    authority = destination(flow, guard.protects)
    if not guard.protects(authority):
        return PASS
    claim = guard.claim(messages.request_head(flow.request, authority))
    if isinstance(claim, Refusal) or not messages.offers_websocket(flow.request):
        messages.take_offers_away(flow.request)
    elif claim is not PASS and not claim.observes:
        return guard.refusal(claim, Endless("a WebSocket has no end at which it could be sealed"))
    return claim


def _whole_body(message: Message) -> bytes:
    body = message.raw_content
    if message.stream or body is None:
        raise UpstreamFailed("a protected message was streamed, so it could not be read whole")
    return body
