# SPDX-License-Identifier: Apache-2.0
"""One spelling for every way to write a destination."""

import socket

import pytest

from sidecar.errors import Malformed
from sidecar.proxy.naming import canonical_host, read_destination
from sidecar.rules import spell_authority

LOOPBACK = ["127.0.0.1", "0x7f000001", "2130706433", "127.1", "0177.0.0.1", "::ffff:127.0.0.1"]


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("CRM.Internal:8080", "crm.internal", 8080),
        ("crm.internal.:8080", "crm.internal", 8080),
        ("crm.internal", "crm.internal", 443),
        ("[FD00::0001]:1", "fd00::1", 1),
        ("[::ffff:10.0.0.1]", "10.0.0.1", 443),
        ("0x7f.1:80", "127.0.0.1", 80),
        ("db_1.internal:1", "db_1.internal", 1),
    ],
)
def test_each_has_one_spelling(text: str, host: str, port: int) -> None:
    assert read_destination(text, 443) == (host, port)
    assert read_destination(spell_authority(host, port), None) == (host, port)


@pytest.mark.parametrize("host", LOOPBACK)
def test_what_the_resolver_takes_for_an_address_is_one(host: str) -> None:
    assert canonical_host(host) == "127.0.0.1"
    found = socket.getaddrinfo(host, 1, type=socket.SOCK_STREAM)[0][4][0]
    assert canonical_host(str(found)) == "127.0.0.1"


@pytest.mark.parametrize(
    "text",
    ["", ":80", "a:0", "a:65536", "a:+1", "a b", "u@a", "a/b", "[a]", "[::1", "a%00", "a\r\n", "é"],
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        read_destination(text, 443)


def test_a_port_that_nobody_gives_is_missed() -> None:
    with pytest.raises(Malformed, match="no port"):
        read_destination("crm.internal", None)
