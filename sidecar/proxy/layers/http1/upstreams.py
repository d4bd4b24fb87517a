# SPDX-License-Identifier: Apache-2.0
"""The upstream connections of one client, one to a store, one to the KMS, each made on demand."""

from mitmproxy.connection import Connection, Server
from mitmproxy.proxy import commands, events, layer

from sidecar.proxy.layers.http1.upstream import Link
from sidecar.proxy.settings import Limits, Upstream

_MOST_LINKS = 8
"""One client of a forward listener may name any number of destinations, one at a time."""


class Upstreams:
    """Gives each event of mitmproxy's to the link that it is about."""

    def __init__(self, owner: layer.Layer, out: list[commands.Command], limits: Limits) -> None:
        self.layer = owner
        self.out = out
        self._limits = limits
        self._links: list[Link] = []
        self._awaited: dict[commands.Command, tuple[Link, Server | None]] = {}

    def link(self, upstream: Upstream) -> Link:
        """The one link to `upstream`, open or not."""
        for link in self._links:
            if link.upstream is upstream or link.upstream == upstream:
                return link
        if len(self._links) >= _MOST_LINKS:
            self._links.pop(0).close()
        link = Link(self, upstream, self._limits)
        self._links.append(link)
        return link

    def close(self) -> None:
        """Give all of them up."""
        for link in self._links:
            link.close()

    def await_reply(self, command: commands.Command, link: Link) -> None:
        """See `upstream.Owner`."""
        self._awaited[command] = link, link.socket

    def find(self, socket: Connection) -> Link | None:
        """Whose `socket` it is; None when that was given up."""
        for link in self._links:
            if link.socket is socket:
                return link
        return None

    def completed(self, event: events.CommandCompleted) -> Link | None:
        """Whose command is completed; None when its socket was given up in the meantime."""
        link, socket = self._awaited.pop(event.command)
        return link if link.socket is socket else None
