# SPDX-License-Identifier: Apache-2.0
"""The store past the proxy: patience for reads, none for writes, and no way to another store."""

import ssl
from pathlib import Path

import httpx
import pytest

from sidecar.errors import Misconfigured
from sidecar.message import Headers
from sidecar.migration.slots import Filled
from sidecar.migration.store import Pace, RawStore, StoreUnavailable
from tests.fixtures.authority import Authority
from tests.fixtures.origin import Origin
from tests.migration.rig import Rig

GET = Filled(b"GET", b"/customers?page=1", b"")


def raw(url: str, headers: Headers = (), ca: Path | None = None) -> RawStore:
    return RawStore(httpx.URL(url), headers, ca, rate=0.0, pauses=(0.0, 0.0))


async def test_a_read_is_asked_again_and_a_write_is_not(rig: Rig) -> None:
    async with raw(f"http://{rig.authority}") as store:
        rig.shop.troubles = [503, 429]
        assert (await store.read(GET)).status == 200
        rig.shop.troubles = [503]
        assert (await store.ask(GET)).is_busy
        rig.shop.troubles = [503] * 3
        with pytest.raises(StoreUnavailable, match="says 503, again and again"):
            await store.read(GET)


async def test_a_store_that_is_not_there_is_told_without_the_target() -> None:
    async with raw("http://127.0.0.1:1") as store:
        with pytest.raises(StoreUnavailable) as error:
            await store.read(Filled(b"GET", b"/CANARY", b""))
        assert "127.0.0.1:1 cannot be asked: ConnectError" in error.value.why
        assert "CANARY" not in error.value.why


def test_turns_are_taken_at_the_rate() -> None:
    pace = Pace(4)
    assert [pace.wait(100.0) for _ in range(3)] == [0.0, 0.25, 0.5]
    assert pace.wait(100.5) == 0.25
    assert [pace.wait(200.0) for _ in range(2)] == [0.0, 0.25]
    unbound = Pace(0)
    assert [unbound.wait(1.0) for _ in range(3)] == [0.0, 0.0, 0.0]


def test_nobody_asks_a_store_that_wants_to_be_left_alone() -> None:
    for pace in (Pace(0), Pace(4)):
        pace.rest(110.0)
        assert pace.wait(100.0) == 10.0
        pace.rest(105.0)
        assert pace.wait(120.0) == 0.0


async def test_headers_of_the_description_go_along(origin: Origin) -> None:
    async with raw(f"http://127.0.0.1:{origin.port}", ((b"Authorization", b"Basic x"),)) as store:
        await store.ask(Filled(b"POST", b"/q", b"{}"), ((b"X-Tenant-Id", b"acme"),))
    (request,) = origin.requests
    assert request.values(b"authorization") == [b"Basic x"]
    assert request.values(b"x-tenant-id") == [b"acme"]
    assert request.values(b"content-type") == [b"application/json"]
    assert request.values(b"content-length") == [b"2"]
    assert request.values(b"accept-encoding") == [b"identity"]
    assert len(request.values(b"host")) == 1
    assert request.body == b"{}"


async def test_a_request_s_own_header_goes_before_that_of_the_description(origin: Origin) -> None:
    merge = (b"content-type", b"application/merge-patch+json")
    async with raw(f"http://127.0.0.1:{origin.port}", (merge,)) as store:
        await store.ask(Filled(b"PATCH", b"/q", b"{}"), ((b"Content-Type", b"text/x"),))
        await store.ask(Filled(b"PATCH", b"/q", b"{}"))
    types = [request.values(b"content-type") for request in origin.requests]
    assert types == [[b"text/x"], [merge[1]]]


@pytest.mark.parametrize(
    ("link", "target"),
    [("/c?page=2", b"/c?page=2"), ("?page=2", b"/d/c?page=2"), ("http://crm:80/c", b"/c")],
)
async def test_a_link_of_the_same_store_is_followed(link: str, target: bytes) -> None:
    async with raw("http://crm") as store:
        assert store.same_origin(link, b"/d/c?page=1") == target


@pytest.mark.parametrize("link", ["http://evil/c", "//evil/c", "https://crm/c", "http://crm:81/"])
async def test_a_link_to_elsewhere_is_not(link: str) -> None:
    """It would get the credentials of the description."""
    async with raw("http://crm") as store:
        with pytest.raises(Misconfigured, match="leads away"):
            store.same_origin(link, b"/c")


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://CRM", "crm:80"),
        ("https://crm", "crm:443"),
        ("http://[::1]:8080", "[::1]:8080"),
    ],
)
async def test_it_is_called_as_rules_call_it(url: str, authority: str) -> None:
    async with raw(url) as store:
        assert store.authority == authority


async def test_only_the_named_authority_is_trusted(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "ours")
    cert, key = authority.issue("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    other = Authority(tmp_path, "theirs")
    async with Origin(context) as origin:
        url = f"https://127.0.0.1:{origin.port}"
        async with raw(url, ca=authority.ca) as store:
            assert (await store.ask(GET)).body == b"ok"
        async with raw(url, ca=other.ca) as store:
            with pytest.raises(StoreUnavailable):
                await store.ask(GET)


def test_a_file_that_is_no_authority_is_told(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="not a readable PEM"):
        raw("https://crm", ca=tmp_path / "none.pem")
