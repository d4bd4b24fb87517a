# SPDX-License-Identifier: Apache-2.0
"""What a request's head begins: an exchange of one kind, or a refusal."""

from sidecar.message import Refusal, RequestHead
from sidecar.proxy.layers.http1 import writer
from sidecar.proxy.layers.http1.exchange import Client, Exchange
from sidecar.proxy.layers.http1.grammar import Frame
from sidecar.proxy.layers.http1.held import HeldExchange
from sidecar.proxy.layers.http1.observed import ObservedExchange
from sidecar.proxy.layers.http1.passed import PassedExchange
from sidecar.proxy.layers.http1.service import Way
from sidecar.proxy.layers.http1.tunnelled import TunnelledExchange
from sidecar.proxy.layers.http1.upstream import Link
from sidecar.transform import PASS


def exchange_for(
    client: Client, frame: Frame, way: Way, link: Link, names: frozenset[str]
) -> Exchange | Refusal:
    """The exchange of `frame`, which goes `way` over `link`; `names` are the client's."""
    if way.frame is not None:
        frame = way.frame
    if way.kind != "store":
        return _past_rules(client, frame, way, link)
    guard, authority, host = client.guard, link.authority, way.host
    claim = guard.claim(RequestHead(frame.method, frame.target, authority, frame.headers, names))
    if isinstance(claim, Refusal):
        return claim
    if claim is not PASS and not claim.observes:
        client.stats.requests_held += 1
        return HeldExchange(client, frame, link, claim, host)
    client.stats.requests_passed += 1
    if host is not None or frame.upgrade:
        # Of a protected host only WebSockets of routes that no rule names: in another protocol,
        # such as h2c, requests of other routes would pass unseen.
        may_upgrade = frame.upgrade.lower() == b"websocket" or not guard.protects(authority)
        frame = writer.passed_request(frame, host, may_upgrade=may_upgrade)
    if claim is PASS:
        return PassedExchange(client, frame, link)
    return ObservedExchange(client, frame, link, claim)


def _past_rules(client: Client, frame: Frame, way: Way, link: Link) -> Exchange:
    """What no rule is asked about."""
    stats = client.stats
    if way.kind == "kms":
        stats.requests_kms += 1
        frame = writer.passed_request(frame, None, may_upgrade=False)
        return PassedExchange(client, frame, link)
    stats.tunnels += 1
    return TunnelledExchange(client, frame, link, way.check)
