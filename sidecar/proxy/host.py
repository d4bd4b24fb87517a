# SPDX-License-Identifier: Apache-2.0
"""mitmproxy, embedded: one master, our listeners, and an orderly end.

Of mitmproxy's addons only our own TLS contexts are loaded; none of those that could stream, replay,
cache or show a message. The loop belongs to the caller, who had better run uvloop.
"""

import asyncio
import gc
import logging
import socket
from collections.abc import Sequence
from typing import NamedTuple, Self

from mitmproxy.master import Master
from mitmproxy.options import Options
from mitmproxy.proxy.context import Context

from sidecar.proxy import doors
from sidecar.proxy.forwarding import Forwarding
from sidecar.proxy.guard import Guard, MessageTransform
from sidecar.proxy.handler import Handler
from sidecar.proxy.kms_forward import KmsForward
from sidecar.proxy.layers.http1 import Reverse
from sidecar.proxy.listening import ListenerInstance
from sidecar.proxy.room import Room
from sidecar.proxy.settings import Forward, Listener, ProxySettings
from sidecar.proxy.stats import HostStats
from sidecar.proxy.tally import Tally
from sidecar.proxy.tls import Tls

logger = logging.getLogger(__name__)

_NEVER_SECONDS = 7 * 24 * 3600
"""mitmproxy's own time-out for silence; our limits are shorter wherever silence is suspicious."""
_LAST_CALL_SECONDS = 1.0
"""For a resting client's next request to come, which is then answered with `Connection: close`."""


class InForce(NamedTuple):
    """What a reload exchanges as one: the rules, and the certificates as their files are now."""

    guard: Guard
    tls: Tls


class Host:
    """An async context: inside it, every listener of `settings` serves.

    `inherited` has the listening sockets of each listener where another process has bound them,
    `tally` is shared with its other children, and `admin` is where it answers operators itself.
    """

    def __init__(
        self,
        settings: ProxySettings,
        transform: MessageTransform,
        inherited: Sequence[Sequence[socket.socket]] | None = None,
        tally: Tally | None = None,
        admin: tuple[str, int] | None = None,
    ) -> None:
        self.stats = HostStats()
        self.tally = tally or Tally()
        self.addresses: tuple[tuple[str, int], ...] = ()
        self._room = Room(settings.limits.held_bytes, self.tally)
        self._settings = settings
        self._inherited = inherited
        self._admin = admin
        self._in_force = self.prepare(transform)
        self._services: list[Reverse | Forwarding] = []
        self._instances: list[ListenerInstance] = []
        self._tasks: dict[Handler, asyncio.Task[object]] = {}

    def prepare(self, transform: MessageTransform) -> InForce:
        """What `put_in_force` takes; Misconfigured where a certificate cannot be used."""
        guard = Guard(transform, self.stats)
        return InForce(guard, Tls(self._settings, self._listener_of, guard.hosts))

    def put_in_force(self, prepared: InForce) -> None:
        """Go by `prepared` from the next message on; what is under way keeps what it began with."""
        if self._services:
            self.master.addons.remove(self._in_force.tls)  # type: ignore[no-untyped-call]
            self.master.addons.add(prepared.tls)  # type: ignore[no-untyped-call]
        for service in self._services:
            service.guard = prepared.guard
        self._in_force = prepared

    async def __aenter__(self) -> Self:
        inherited = self._inherited or self._bind()
        self.master = Master(Options(tcp_timeout=_NEVER_SECONDS))
        self.master.addons.add(self._in_force.tls)  # type: ignore[no-untyped-call]
        for index, listener in enumerate(self._settings.listeners):
            service = self._service(listener)
            instance = ListenerInstance(index, listener, inherited[index], service, self)
            await instance.start()
            self._services.append(service)
            self._instances.append(instance)
        await self.master.running()
        self.addresses = tuple(each.listen_addrs[0][:2] for each in self._instances)
        gc.freeze()  # what stands now stays; not looking at it takes the peaks off latency
        return self

    def _bind(self) -> list[list[socket.socket]]:
        bound: list[list[socket.socket]] = []
        try:
            for listener in self._settings.listeners:
                bound.append(doors.bind(listener.host, listener.port))
                doors.open_up(bound[-1])
        except BaseException:
            for each in bound:
                doors.close(each)
            raise
        return bound

    async def __aexit__(self, *_: object) -> None:
        await self.drain()
        await self.master.done()
        gc.unfreeze()

    async def drain(self) -> None:
        """Accept nobody, let what is in flight finish within `drain_seconds`, close the rest."""
        await self._stop()
        seconds = self._settings.limits.drain_seconds
        last_call = min(_LAST_CALL_SECONDS, seconds / 2)
        for is_over, patience in ((False, last_call), (True, seconds - last_call)):
            for handler in list(self._tasks):
                handler.drain(is_last_call_over=is_over)
            if self._tasks:
                await asyncio.wait(self._tasks.values(), timeout=patience)
        if self._tasks:
            logger.warning("%d connections did not end in time and are cut", len(self._tasks))
            self.cut()
            await asyncio.wait(self._tasks.values())

    def cut(self) -> None:
        """Reset every connection, so that nobody takes what was cut short for whole."""
        for handler in self._tasks:
            handler.abort()

    async def _stop(self) -> None:
        instances, self._instances = self._instances, []
        for instance in instances:
            await instance.stop()

    def admit(self, handler: Handler) -> bool:
        """See `listening.Reception`."""
        stats = self.stats
        if self.tally.clients > self._settings.limits.connections:
            stats.connections_refused += 1
            return False
        stats.connections += 1
        stats.connections_open += 1
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a server's callback is a task
        self._tasks[handler] = task
        return True

    def dismiss(self, handler: Handler) -> None:
        """See `listening.Reception`."""
        self.stats.connections_open -= 1
        del self._tasks[handler]

    def _own(self) -> tuple[tuple[str, int], ...]:
        return self.addresses if self._admin is None else (*self.addresses, self._admin)

    def _listener_of(self, context: Context) -> Listener:
        return self._settings.listeners[int(context.client.proxy_mode.data)]

    def _service(self, listener: Listener) -> Reverse | Forwarding:
        settings, upstream = self._settings, listener.upstream
        kms = None if settings.kms is None else KmsForward(settings.kms, settings.kms_hosts)
        shared = (self._in_force.guard, settings.limits, self.stats, self._room)
        if isinstance(upstream, Forward):
            return Forwarding(upstream, kms, self._own, *shared)
        is_store = upstream.scheme != "kms"
        takes_own = is_store and listener.host_header == "upstream"
        host = upstream.authority.encode() if takes_own else None
        return Reverse(upstream if is_store else None, kms, host, *shared)
