# SPDX-License-Identifier: Apache-2.0
"""No raw tunnel to a protected host: mitmproxy makes one of whatever does not look like HTTP.

That is so behind CONNECT, in transparent and `tcp` modes, and for hosts that its options ignore.
Here a layer that would pass bytes on unread is replaced by one that closes the connection.
"""

import contextlib
from collections.abc import Callable, Iterator

from mitmproxy.proxy import commands, events, layers
from mitmproxy.proxy.layer import CommandGenerator, Layer, NextLayer
from mitmproxy.proxy.layers.tls import parse_client_hello
from mitmproxy.tls import ClientHelloData

from sidecar.errors import Malformed
from sidecar.proxy.first_bytes import HOST_FIELD
from sidecar.proxy.naming import canonical_host, read_destination
from sidecar.rules import spell_authority

_READ = (
    layers.HttpLayer,
    layers.ClientTLSLayer,
    layers.ServerTLSLayer,
    layers.ClientQuicLayer,
    layers.ServerQuicLayer,
    layers.modes.HttpProxy,
    layers.modes.HttpUpstreamProxy,
    layers.modes.ReverseProxy,
    layers.modes.TransparentProxy,
    layers.modes.Socks5Proxy,
)
"""Layers under which every message is shown to hooks, or that ask again what stands below them."""


class Closed(Layer):
    """Closes the client's connection."""

    def _handle_event(self, event: events.Event) -> CommandGenerator[None]:
        if isinstance(event, events.Start):
            yield commands.CloseConnection(self.context.client)


def is_raw(chosen: Layer) -> bool:
    """Whether `chosen` or a layer that already stands below it passes bytes on unread."""
    layer: object = chosen
    while isinstance(layer, Layer) and not isinstance(layer, NextLayer):
        if not isinstance(layer, _READ):
            return True
        layer = getattr(layer, "child_layer", None)
    return False


def names_protected(
    connection: NextLayer | ClientHelloData, protects: Callable[[str], bool]
) -> bool:
    """Whether anything that is known of a connection names a protected host."""
    context = connection.context
    address = context.server.address
    if address is None:
        return False
    port = address[1]
    if isinstance(connection, NextLayer):
        said = _said(connection.data_client())  # type: ignore[no-untyped-call]
    else:
        said = iter((connection.client_hello.sni or "",))
    names = {spell_authority(canonical_host(address[0]), port)}
    for each in (*said, context.client.sni or ""):
        with contextlib.suppress(Malformed):
            host, number = read_destination(each, port)
            names |= {spell_authority(host, port), spell_authority(host, number)}
    return any(protects(each) for each in names)


def _said(data: bytes) -> Iterator[str]:
    """The hosts that the first bytes of a connection name, in TLS or in HTTP."""
    for found in HOST_FIELD.findall(data):
        yield found.decode("latin-1")
    with contextlib.suppress(ValueError):
        hello = parse_client_hello(data)
        if hello is not None and hello.sni is not None:
            yield hello.sni
