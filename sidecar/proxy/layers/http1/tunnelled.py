# SPDX-License-Identifier: Apache-2.0
"""CONNECT to a host that no rule names: once it is reached, bytes pass untouched both ways."""

from sidecar.proxy.layers.http1.exchange import Client
from sidecar.proxy.layers.http1.grammar import Frame
from sidecar.proxy.layers.http1.passed import PassedExchange
from sidecar.proxy.layers.http1.tunnel import Check
from sidecar.proxy.layers.http1.upstream import Link

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class TunnelledExchange(PassedExchange):
    """The opening of a tunnel; what follows is no exchange any more, and `check` watches it."""

    __slots__ = ("_check",)

    def __init__(self, client: Client, frame: Frame, link: Link, check: Check | None) -> None:
        super().__init__(client, frame, link)
        self._check = check

    def begin(self) -> None:
        link = self.link
        if link.is_open:
            link.close()  # it carried requests; a tunnel begins with nothing said
        self._client.expect_within(self._client.limits.connect_seconds)
        link.connect(as_tunnel=True)

    def opened(self, error: str | None) -> None:
        if error is not None:
            super().opened(error)
            return
        self._client.stats.upstream_connections += 1
        self.link.is_open = True
        self._client.send(ESTABLISHED)
        self._client.switch(self.link, self._check)
