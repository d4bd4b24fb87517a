# SPDX-License-Identifier: Apache-2.0
"""Whom first bytes name, however they are cut, and that other protocols need not wait."""

import ssl

import pytest

from sidecar.errors import Malformed
from sidecar.proxy.first_bytes import hosts_named


def _hello(name: str) -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


HELLO = _hello("crm.test")
FRAGMENTED = (
    HELLO[:3]
    + b"\x00\x01"
    + HELLO[5:6]
    + HELLO[:3]
    + (int.from_bytes(HELLO[3:5]) - 1).to_bytes(2)
    + HELLO[6:]
)  # one message in two records (RFC 8446 §5.1)
NAMED = {
    HELLO: ("crm.test",),
    FRAGMENTED: ("crm.test",),
    b"GET / HTTP/1.1\r\nA: b\r\nhost:  crm.test:80 \r\n\r\n": ("crm.test:80",),
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: crm.test\r\n\r\n": ("a", "crm.test"),
    b"GET / HTTP/1.0\r\n\r\n": (),
}


@pytest.mark.parametrize("data", NAMED)
def test_what_is_named_shows_when_it_is_whole(data: bytes) -> None:
    for end in range(1, len(data)):
        assert hosts_named(data[:end]) is None
    assert hosts_named(data) == NAMED[data]
    assert hosts_named(data + b"more") == NAMED[data]


@pytest.mark.parametrize(
    "data",
    [
        b"EHLO crm.test\r\n",
        b"PING\r\n",
        b"PRI * HTTP/2.0\r\n\r\n",
        b"get crm.test",
        b"SSH-2.0-x\r\n",
        b"AMQP\x00\x00\x09\x01",
        b"\x00\x00\x00\x08\x04\xd2\x16/",
        b"\x16\x03\x01\x00\x00",
    ],
)
def test_other_protocols_name_nobody_and_need_not_wait(data: bytes) -> None:
    assert hosts_named(data) == ()


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000, b"GET /" + b"x" * 70_000]
)
def test_what_has_no_end_is_not_waited_for(data: bytes) -> None:
    with pytest.raises(Malformed):
        hosts_named(data)
