# SPDX-License-Identifier: Apache-2.0
"""The upstream connections of one client, one to a store, one to the KMS, each made on demand."""

from collections.abc import Iterable, Iterator

from mitmproxy.connection import Server
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

    def received(self, event: events.ConnectionEvent) -> Iterable[tuple[Link, events.Event]]:
        """What an event of an upstream's socket means, and for which link."""
        for link in self._links:
            if link.socket is event.connection:
                return ((link, event),) if link.is_bare else _unwrapped(link, event)
        return ()

    def completed(self, event: events.CommandCompleted) -> Iterable[tuple[Link, events.Event]]:
        """What the completion of a link's command means."""
        link, socket = self._awaited.pop(event.command)
        if link.socket is socket:  # else it was given up in the meantime
            return _unwrapped(link, event)
        return ()


def _unwrapped(link: Link, event: events.Event) -> Iterator[tuple[Link, events.Event]]:
    socket = link.socket
    for each in link.unwrap(event):
        if link.socket is socket:  # else it was given up at the event before
            yield link, each
