# SPDX-License-Identifier: Apache-2.0
"""What a forward proxy is asked for: every way to name two destinations, and aliases of one."""

import pytest

from sidecar.errors import Malformed, Refused
from sidecar.message import ResponseHead
from sidecar.proxy.asked import (
    Misdirected,
    NotForwarded,
    Reach,
    check_host,
    check_no_alias,
    read_asked,
)
from sidecar.proxy.layers.http1.grammar import Frame, cut_fields


def frame(target: str, host: str = "", method: str = "GET", *lines: str) -> Frame:
    """As a reader that accepts every target would make it."""
    fields = [*([f"Host: {host}"] if host else []), *lines]
    block = "".join(f"{line}\r\n" for line in fields).encode()
    raw = f"{method} {target} HTTP/1.1\r\n".encode() + block + b"\r\n"
    return Frame(
        *(raw, raw, method.encode(), target.encode(), ResponseHead(0, b"", ()), True),
        *(cut_fields(block), 0, False, True, host.encode(), b"", False),
    )


@pytest.mark.parametrize(
    ("target", "host", "authority", "path"),
    [
        ("http://crm.test/a?b=c", "crm.test", "crm.test:80", b"/a?b=c"),
        ("HTTP://CRM.test:80", "crm.test", "crm.test:80", b"/"),
        ("http://crm.test?b=http://c/d", "crm.test:80", "crm.test:80", b"/?b=http://c/d"),
        ("http://[::1]:8080/", "[0::1]:8080", "[::1]:8080", b"/"),
        ("http://0x7f.1:8080/", "127.0.0.1:8080", "127.0.0.1:8080", b"/"),
        ("http://crm.test./", "", "crm.test:80", b"/"),
    ],
)
def test_an_absolute_target_names_the_destination(
    target: str, host: str, authority: str, path: bytes
) -> None:
    asked = read_asked(frame(target, host))
    assert (asked.scheme, asked.authority, asked.frame.target) == ("http", authority, path)
    assert asked.frame.raw.startswith(b"GET " + path + b" HTTP/1.1\r\n")
    assert asked.frame.raw.endswith(b"\r\n\r\n")


def test_what_is_said_to_the_proxy_ends_there_and_all_else_goes_on_as_it_came() -> None:
    lines = ("Proxy-Connection: keep-alive", "X-a:  b ", "proxy-authorization: Basic c2VjcmV0")
    asked = read_asked(frame("http://crm.test/", "crm.test", "GET", *lines)).frame
    assert asked.raw == b"GET / HTTP/1.1\r\nHost: crm.test\r\nX-a:  b \r\n\r\n"
    assert asked.headers == ((b"Host", b"crm.test"), (b"X-a", b"b"))


@pytest.mark.parametrize("host", ["crm.test:443", "CRM.test.", ""])
def test_connect_names_the_destination(host: str) -> None:
    asked = read_asked(frame("crm.test:443", host, "CONNECT"))
    assert (asked.scheme, asked.authority) == ("connect", "crm.test:443")


@pytest.mark.parametrize(
    ("target", "host", "method"),
    [
        ("http://crm.test/", "other.test", "GET"),
        ("http://crm.test/", "crm.test:8080", "GET"),
        ("http://crm.test:8080/", "crm.test", "GET"),
        ("http://127.0.0.1/", "crm.test", "GET"),
        ("crm.test:443", "other.test:443", "CONNECT"),
        ("crm.test:443", "crm.test:444", "CONNECT"),
    ],
)
def test_a_host_field_that_names_another_destination_is_refused(
    target: str, host: str, method: str
) -> None:
    with pytest.raises(Misdirected):
        read_asked(frame(target, host, method))


@pytest.mark.parametrize(
    ("target", "method"),
    [
        ("/", "GET"),
        ("*", "OPTIONS"),
        ("https://crm.test/", "GET"),
        ("ftp://crm.test/", "GET"),
        ("http://", "GET"),
        ("http:///a", "GET"),
        ("http://user@crm.test/", "GET"),
        ("http://crm.test\\@other.test/", "GET"),
        ("http://crm.test:99999/", "GET"),
        ("http:crm.test", "GET"),
        ("crm.test", "CONNECT"),
        ("crm.test:0", "CONNECT"),
        ("http://crm.test:443", "CONNECT"),
        ("crm.test:443/", "CONNECT"),
        ("a@crm.test:443", "CONNECT"),
    ],
)
def test_a_target_that_can_be_read_in_two_ways_or_in_none_is_refused(
    target: str, method: str
) -> None:
    with pytest.raises(Malformed):
        read_asked(frame(target, "crm.test", method))


def test_a_request_in_a_tunnel_names_whom_the_tunnel_leads_to() -> None:
    for host in ("crm.test", "CRM.test:443", ""):
        check_host(frame("/", host), "crm.test", 443, 443)
    for host in ("other.test", "crm.test:80", "crm.test:8443"):
        with pytest.raises(Misdirected):
            check_host(frame("/", host), "crm.test", 443, 443)


def test_a_listener_reaches_what_is_allowed() -> None:
    reach = Reach(["*.internal:443", "db-?.test:1", "[::1]:80"])
    for allowed in ("crm.internal:443", "a.b.internal:443", "db-?.test:1", "[::1]:80"):
        reach.check(allowed)
    for other in ("internal:443", "crm.internal:80", "crm.internal.evil.test:443", "db-1.test:1"):
        with pytest.raises(NotForwarded, match="not among the destinations"):
            reach.check(other)
    Reach([]).check("anything.test:1")


@pytest.mark.parametrize("host", ["crm", "crm.prod", "crm.prod.svc.cluster.local"])
def test_what_looks_like_another_name_of_a_protected_host_is_refused(host: str) -> None:
    with pytest.raises(NotForwarded, match=r"looks like another name of crm.prod.svc:80"):
        check_no_alias(host, 80, ["other.test:80", "crm.prod.svc:80"])


def test_what_does_not_is_left_alone() -> None:
    for host, port in (("crm", 81), ("crmx", 80), ("xcrm.prod.svc", 80), ("prod.svc", 80)):
        check_no_alias(host, port, ["crm.prod.svc:80"])


def test_every_refusal_is_permanent() -> None:
    assert all(400 <= kind.status < 500 for kind in (Misdirected, NotForwarded))
    assert issubclass(Misdirected, Refused)
