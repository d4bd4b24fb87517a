# SPDX-License-Identifier: Apache-2.0
"""HTTP/1.1: read strictly, streamed where no rule holds, held and bounded where one does.

grammar   heads                                    connection   one client, one exchange at a time
chunks    the chunked coding                       exchange     one request and its answer …
reader    bytes to messages, two parsers agreeing  passed       … that go on as they come
writer    heads of our own                         held         … that a rule holds
upstream  one connection to an upstream            upstreams    those of one client
alarm     the one deadline of a connection         service      what a listener's clients share
"""

from sidecar.proxy.layers.http1.connection import Http1Layer
from sidecar.proxy.layers.http1.service import Service

__all__ = ["Http1Layer", "Service"]
