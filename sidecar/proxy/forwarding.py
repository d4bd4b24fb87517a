# SPDX-License-Identifier: Apache-2.0
"""Forward listeners: where the requests of their clients go, and those inside intercepted TLS."""

import contextlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial

from sidecar.errors import Malformed, Refused
from sidecar.proxy.asked import (
    NotForwarded,
    Reach,
    check_host,
    check_no_alias,
    check_no_bare_address,
    read_asked,
)
from sidecar.proxy.guard import Guard
from sidecar.proxy.kms_forward import KmsForward
from sidecar.proxy.layers.http1 import Link, Way
from sidecar.proxy.layers.http1.grammar import Frame
from sidecar.proxy.naming import canonical_host, is_address, read_destination
from sidecar.proxy.room import Room
from sidecar.proxy.settings import Forward, Limits, Upstream
from sidecar.proxy.stats import HostStats
from sidecar.rules import spell_authority

type Addresses = Collection[tuple[str, int]]

_EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - not bound, compared with


@dataclass(slots=True)
class Forwarding:
    """Destinations are what clients name; `own` are all that this proxy listens at."""

    forward: Forward
    kms: KmsForward | None
    own: Callable[[], Addresses]
    guard: Guard
    limits: Limits
    stats: HostStats
    room: Room
    is_proxy: bool = True
    _reach: Reach = field(init=False)

    def __post_init__(self) -> None:
        self._reach = Reach(self.forward.allow)

    def way(self, frame: Frame) -> Way:
        asked = read_asked(frame)
        host, port, authority = asked.host, asked.port, asked.authority
        connects = asked.scheme == "connect"
        if self.kms is not None and self.kms.names(authority.encode()):
            named = Upstream("https", host, port)
            return (
                Way("intercept", named, frame)
                if connects
                else Way("kms", self.kms.upstream, asked.frame)
            )
        self._reach.check(authority)
        if connects and self.guard.protects(authority):
            return Way("intercept", self.forward.upstream("https", host, port), frame)
        upstream = self.forward.upstream("http", host, port)
        if connects:
            check_no_alias(host, port, self.guard.hosts())
            return Way("tunnel", upstream, frame, check=partial(self._check_tunnel, upstream))
        if not self.guard.protects(authority):
            check_no_alias(host, port, self.guard.hosts())
            self._check_named(upstream)
        return Way("store", upstream, asked.frame)

    def _check_tunnel(self, upstream: Upstream, named: tuple[str, ...] | None) -> None:
        """See `tunnel.Check`."""
        authority = upstream.authority
        if self.guard.protects(authority):
            raise Refused(f"rules name {authority} since a reload")
        if named is None:
            return
        hosts = set()
        for text in named:
            with contextlib.suppress(Malformed):
                host, port = read_destination(text, upstream.port)
                hosts.add(host)
                for name in (spell_authority(host, upstream.port), spell_authority(host, port)):
                    if self.guard.protects(name):
                        raise Refused(f"it is for {name}, which rules name: ask for that")
        if all(map(is_address, hosts)):
            self._check_named(upstream)

    def _check_named(self, upstream: Upstream) -> None:
        if not self._reach.has_said(upstream.authority):
            check_no_bare_address(upstream.host, upstream.port, self.guard.hosts())

    def objection(self, link: Link) -> Refused | None:
        """A loop, or a protected address that the client calls by another name."""
        socket, asked = link.socket, link.upstream
        if asked.via is not None or socket is None or not (socket.peername and socket.sockname):
            return None  # whom another proxy has reached is not known here
        host, port = canonical_host(socket.peername[0]), socket.peername[1]
        is_here = host in ("127.0.0.1", "::1", canonical_host(socket.sockname[0]))
        for bound, number in self.own():
            if port == number and (host == bound or (is_here and bound in _EVERY_ADDRESS)):
                return NotForwarded("the request would come back to this proxy")
        reached = spell_authority(host, port)
        if self.guard.protects(reached) and not self.guard.protects(asked.authority):
            return NotForwarded(f"the destination is {reached}, which rules name: ask for that")
        return None

    def inside(self, upstream: Upstream) -> "Intercepted":
        """What serves the requests in TLS that is answered in the name of `upstream`."""
        return Intercepted(self, upstream)


@dataclass(frozen=True, slots=True)
class Intercepted:
    """The requests behind one CONNECT: all of them are for the destination that it named."""

    outer: Forwarding
    upstream: Upstream
    is_proxy: bool = False

    @property
    def guard(self) -> Guard:
        return self.outer.guard

    @property
    def limits(self) -> Limits:
        return self.outer.limits

    @property
    def stats(self) -> HostStats:
        return self.outer.stats

    @property
    def room(self) -> Room:
        return self.outer.room

    def way(self, frame: Frame) -> Way:
        upstream, kms = self.upstream, self.outer.kms
        check_host(frame, upstream.host, upstream.port, default=443)
        if kms is not None and kms.names(upstream.authority.encode()):
            return Way("kms", kms.upstream, frame)
        return Way("store", upstream, frame)

    def objection(self, link: Link) -> Refused | None:
        return self.outer.objection(link)
