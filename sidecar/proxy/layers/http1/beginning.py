# SPDX-License-Identifier: Apache-2.0
"""What a request's head begins: an exchange of one kind, or a refusal."""

from functools import partial

from sidecar.message import Refusal, RequestHead
from sidecar.proxy.layers.http1 import writer
from sidecar.proxy.layers.http1.exchange import Client, Exchange
from sidecar.proxy.layers.http1.grammar import Frame
from sidecar.proxy.layers.http1.held import HeldExchange
from sidecar.proxy.layers.http1.observed import ObservedExchange
from sidecar.proxy.layers.http1.passed import PassedExchange
from sidecar.proxy.layers.http1.service import Way
from sidecar.proxy.layers.http1.tunnel import Check
from sidecar.proxy.layers.http1.tunnelled import TunnelledExchange
from sidecar.proxy.layers.http1.upstream import Link
from sidecar.transform import PASS, Hold

type Beginning = partial[Exchange] | partial[HeldExchange]
"""What makes the exchange of a request, and where it `recurs` of every other with the same head."""


def beginning_of(
    client: Client, frame: Frame, way: Way, link: Link, names: frozenset[str]
) -> Beginning | Refusal:
    """How `frame` begins, which goes `way` over `link`; `names` are the client's."""
    if way.frame is not None:
        frame = way.frame
    if way.kind != "store":
        return _past_rules(client, frame, way, link)
    guard, authority, host = client.guard, link.authority, way.host
    claim = guard.claim(RequestHead(frame.method, frame.target, authority, frame.headers, names))
    if claim is not PASS:
        if isinstance(claim, Refusal):
            return claim
        if not claim.observes:
            if host is None and not frame.host:
                host = authority.encode()
            return partial(HeldExchange, client, frame, link, claim, host)
    if host is not None or frame.upgrade:
        # Of a protected host only WebSockets of routes that no rule names: in another protocol,
        # such as h2c, requests of other routes would pass unseen.
        may_upgrade = frame.upgrade.lower() == b"websocket" or not guard.protects(authority)
        frame = writer.passed_request(frame, host, may_upgrade=may_upgrade)
    if claim is PASS:
        return partial(_passed, client, frame, link)
    return partial(_observed, client, frame, link, claim)


def recurs(beginning: Beginning) -> bool:
    """Whether the same head begins so again; what rules only look at they look at each time."""
    return beginning.func is HeldExchange


def _past_rules(client: Client, frame: Frame, way: Way, link: Link) -> Beginning:
    """What no rule is asked about."""
    if way.kind == "kms":
        frame = writer.passed_request(frame, None, may_upgrade=False)
        return partial(_to_kms, client, frame, link)
    return partial(_tunnelled, client, frame, link, way.check)


def _passed(client: Client, frame: Frame, link: Link) -> Exchange:
    client.stats.requests_passed += 1
    return PassedExchange(client, frame, link)


def _observed(client: Client, frame: Frame, link: Link, observer: Hold) -> Exchange:
    client.stats.requests_passed += 1
    return ObservedExchange(client, frame, link, observer)


def _to_kms(client: Client, frame: Frame, link: Link) -> Exchange:
    client.stats.requests_kms += 1
    return PassedExchange(client, frame, link)


def _tunnelled(client: Client, frame: Frame, link: Link, check: Check | None) -> Exchange:
    client.stats.tunnels += 1
    return TunnelledExchange(client, frame, link, check)
