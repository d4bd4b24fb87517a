# SPDX-License-Identifier: Apache-2.0
"""Which layers pass bytes on unread, and whom a connection is for."""

import itertools
import ssl

import pytest
from mitmproxy.connection import Client, Server
from mitmproxy.options import Options
from mitmproxy.proxy import events, layers
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layer import Layer, NextLayer
from mitmproxy.proxy.layers.http import HTTPMode

from sidecar.proxy.flows import raw


def context(address: tuple[str, int] | None = ("10.0.0.5", 443)) -> Context:
    client = Client(peername=("127.0.0.1", 1), sockname=("127.0.0.1", 2), timestamp_start=0)
    made = Context(client, Options())
    made.server = Server(address=address)
    return made


def stacked(*stack: type[Layer]) -> Layer:
    place = context()
    layers_made = [layers.HttpLayer(place, HTTPMode.transparent), *(kind(place) for kind in stack)]
    for outer, inner in itertools.pairwise(layers_made[1:]):
        outer.child_layer = inner  # type: ignore[attr-defined]
    return layers_made[1]


@pytest.mark.parametrize(
    "stack",
    [
        (layers.TCPLayer,),
        (layers.UDPLayer,),
        (layers.DNSLayer,),
        (layers.ClientTLSLayer, layers.TCPLayer),
        (layers.ServerTLSLayer, layers.ClientTLSLayer, layers.TCPLayer),
    ],
)
def test_a_raw_layer_is_found_wherever_it_stands(stack: tuple[type[Layer], ...]) -> None:
    assert raw.is_raw(stacked(*stack))


@pytest.mark.parametrize(
    "stack", [(layers.ClientTLSLayer,), (layers.ServerTLSLayer, layers.ClientTLSLayer)]
)
def test_a_layer_that_asks_again_is_none(stack: tuple[type[Layer], ...]) -> None:
    assert not raw.is_raw(stacked(*stack))
    assert not raw.is_raw(layers.HttpLayer(context(), HTTPMode.regular))


def hello(name: str) -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize(
    ("address", "data", "is_named"),
    [
        (("crm.internal", 443), b"", True),
        (("CRM.internal.", 443), b"\x00", True),
        (("crm.internal", 444), b"", False),
        (("10.0.0.5", 443), b"", False),
        (("10.0.0.5", 443), hello("crm.internal"), True),
        (("10.0.0.5", 443), hello("elsewhere.test"), False),
        (("10.0.0.5", 443), b"GET / HTTP/1.1\r\nhost:  CRM.internal\r\n", True),
        (("10.0.0.5", 80), b"GET / HTTP/1.1\r\nHost: crm.internal:443\r\n", True),
        (("10.0.0.5", 443), b"GET / HTTP/1.1\r\nHost: a\r\nHost: crm.internal\r\n", True),
        (("10.0.0.5", 443), b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\n", False),
        (None, b"", False),
    ],
)
def test_every_name_of_a_connection_counts(
    address: tuple[str, int] | None, data: bytes, *, is_named: bool
) -> None:
    place = context(address)
    asked = NextLayer(place)
    asked.events.append(events.DataReceived(place.client, data))
    assert raw.names_protected(asked, lambda each: each == "crm.internal:443") is is_named


def test_the_layer_in_its_place_closes_the_connection() -> None:
    place = context()
    commands = list(raw.Closed(place).handle_event(events.Start()))
    assert [each.connection for each in commands] == [place.client]  # type: ignore[attr-defined]
