# SPDX-License-Identifier: Apache-2.0
"""Which destination a flow is for: every way to call a protected host by two names."""

import pytest
from mitmproxy.connection import Client, Server
from mitmproxy.http import Headers, HTTPFlow, Request
from mitmproxy.proxy.mode_specs import ProxyMode

from sidecar.errors import Malformed
from sidecar.proxy.flows.names import destination

PROTECTED = {"crm.internal:443", "10.0.0.9:443"}


def flow(mode: str, reached: str, host: str, sni: str = "", authority: str = "") -> HTTPFlow:
    client = Client(peername=("127.0.0.1", 1), sockname=("127.0.0.1", 2), timestamp_start=0)
    client.proxy_mode = ProxyMode.parse(mode)
    client.sni = sni or None
    made = HTTPFlow(client, Server(address=(reached, 443)))
    made.request = Request(
        *(reached, 443, b"GET", b"https", authority.encode(), b"/", b"HTTP/1.1"),
        *(Headers([(b"Host", each.encode()) for each in host.split("|") if each]), b"", None, 0, 0),
    )
    return made


def where(*names: str) -> str:
    return destination(flow(*names), PROTECTED.__contains__)


@pytest.mark.parametrize("mode", ["regular", "upstream:http://proxy:3128", "transparent"])
def test_names_that_agree(mode: str) -> None:
    assert where(mode, "crm.internal", "crm.internal", "crm.internal") == "crm.internal:443"
    assert where(mode, "CRM.internal", "crm.internal.:443", "") == "crm.internal:443"
    assert where(mode, "crm.internal", "", "", "crm.internal") == "crm.internal:443"
    assert where(mode, "other.test", "another.test", "third.test") == "other.test:443"


@pytest.mark.parametrize(
    ("reached", "host", "sni", "authority"),
    [
        ("crm.internal", "other.test", "", ""),
        ("crm.internal", "crm.internal", "other.test", ""),
        ("crm.internal", "crm.internal:444", "", ""),
        ("crm.internal", "crm.internal|other.test", "", ""),
        ("crm.internal", "crm.internal", "", "other.test"),
        ("other.test", "crm.internal", "", ""),
        ("other.test", "other.test", "crm.internal", ""),
        ("10.0.0.5", "crm.internal", "crm.internal", ""),
        ("10.0.0.9", "other.test", "", ""),
    ],
)
def test_names_that_do_not(reached: str, host: str, sni: str, authority: str) -> None:
    with pytest.raises(Malformed, match="more than one destination"):
        where("regular", reached, host, sni, authority)


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(Malformed, match="not a host"):
        where("regular", "crm.internal", "a b")


def test_behind_a_transparent_proxy_the_names_count() -> None:
    assert where("transparent", "10.0.0.5", "crm.internal", "crm.internal") == "crm.internal:443"
    for names in (("crm.internal", "other.test"), ("other.test", "crm.internal")):
        with pytest.raises(Malformed):
            where("transparent", "10.0.0.5", *names)
    with pytest.raises(Malformed):
        where("transparent", "10.0.0.9", "other.test", "")


def test_what_a_reverse_proxy_reaches_is_configured() -> None:
    mode = "reverse:https://crm.internal"
    assert where(mode, "crm.internal", "whatever.test", "whatever.test") == "crm.internal:443"
