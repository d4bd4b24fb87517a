# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1: read strictly, streamed where no rule holds, held and bounded where one does.

grammar   heads                                    connection   one client, one exchange at a time
chunks    the chunked coding                       conversation where that client stands
reader    bytes to messages, two parsers agreeing  exchange     one request and its answer …
writer    heads of our own                         passed       … that go on as they come
alarm     the one deadline of a connection         observed     … while a rule looks on
upstream  one connection to an upstream            held         … that a rule holds
upstreams those of one client                      tunnelled    … that only open a tunnel
service   what a listener's clients share          beginning    which of the four a head begins
tunnel    two connections joined                   connect_tunnel   … by another proxy on the way
"""

from sidecar.proxy.layers.http1.connection import Http1Layer
from sidecar.proxy.layers.http1.service import Reverse, Service, Way
from sidecar.proxy.layers.http1.upstream import Link

__all__ = ["Http1Layer", "Link", "Reverse", "Service", "Way"]
