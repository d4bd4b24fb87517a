# SPDX-License-Identifier: Apache-2.0
"""Two connections joined: bytes pass both ways, and nobody looks into them.

But for one thing: whom TLS in a tunnel is for. A client may be told to reach a host by an address,
or by another host's name, and still says in TLS whom it means; where that is a host that rules
name, it would get past its rules (law 1).
"""

import logging

from mitmproxy.proxy.layers.tls import parse_client_hello

from sidecar.errors import Malformed, Refused
from sidecar.proxy.guard import Guard
from sidecar.proxy.layers.http1.service import Service
from sidecar.proxy.layers.http1.upstream import Link
from sidecar.proxy.naming import canonical_host, spell

logger = logging.getLogger(__name__)

_HANDSHAKE = b"\x16"  # the record that TLS begins with (RFC 8446 §5.1)
_MAX_HELLO = 64 * 1024


class Tunnel:
    """What the client sends goes to `link`, as long as rules do not name whom it is for.

    Without a `service` nobody looks: what was upgraded had a request that the rules saw.
    """

    def __init__(self, link: Link, service: Service | None) -> None:
        self.link = link
        self._service = service
        self._hello: bytes | None = b""

    def send(self, data: bytes) -> None:
        """Send `data` on; Refused where that would go past the rules."""
        if self._service is not None:
            try:
                data = self._checked(self._service.guard, data)
            except Refused as error:
                logger.warning("a tunnel was cut: %s", error.why)
                raise
        if data:
            self.link.send(data)

    def _checked(self, guard: Guard, data: bytes) -> bytes:
        authority = self.link.upstream.authority
        if guard.protects(authority):
            raise Refused(f"rules name {authority} since a reload")
        return data if self._hello is None else self._read_hello(guard, self._hello + data)

    def _read_hello(self, guard: Guard, data: bytes) -> bytes:
        """What may go on of the first bytes: all of them, or none while more have to come."""
        self._hello = None
        if not data.startswith(_HANDSHAKE):
            return data
        try:
            hello = parse_client_hello(data)
        except ValueError:
            return data  # no TLS
        if hello is None:
            if len(data) > _MAX_HELLO:
                raise Malformed("the first message in TLS has no end")
            self._hello = data
            return b""
        if hello.sni:
            named = spell(canonical_host(hello.sni), self.link.upstream.port)
            if guard.protects(named):
                raise Refused(f"TLS in it is for {named}, which rules name: ask for that")
        return data
