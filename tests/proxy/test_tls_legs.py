# SPDX-License-Identifier: Apache-2.0
"""TLS on a real client's leg and on a real store's: carried, verified, never gone around."""

import asyncio
import logging
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from sidecar.proxy import Limits, Listener, ProxySettings, ServerTls, Upstream
from tests.fixtures.authority import Authority
from tests.fixtures.origin import Origin, Received
from tests.proxy.rig import QUICK, CutShortError, answer, get, post, serving, until


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def shows(authority: Authority, name: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*authority.issue(name))
    return context


def settings(authority: Authority, origin: Origin, limits: Limits | None = None) -> ProxySettings:
    """A listener with TLS on both legs."""
    upstream = Upstream("https", "127.0.0.1", origin.port, authority.ca)
    tls = ServerTls(*authority.issue("127.0.0.1", file="listener"))
    listener = Listener("127.0.0.1", 0, upstream, tls)
    return ProxySettings((listener,), limits=limits or Limits())


async def test_both_legs_carry_the_same_as_without_tls(authority: Authority) -> None:
    trusts = ssl.create_default_context(cafile=authority.ca)
    trusts.set_alpn_protocols(["h2", "http/1.1"])
    async with Origin(shows(authority, "127.0.0.1")) as origin:
        origin.answer = answer(b"SEALED" * 20_000)
        async with serving(origin, settings=settings(authority, origin)) as rig:
            client = await rig.client(tls=trusts)
            spoken = client.writer.get_extra_info("ssl_object")
            assert spoken.selected_alpn_protocol() == "http/1.1"
            for _ in range(3):
                held = await client.ask(post(b"/held", b"plain" * 10_000))
                assert held.status == 413  # because of its answer
                found = await client.ask(post(b"/plain", b"x" * 100_000))
                assert found.body == b"SEALED" * 20_000
            origin.answer = answer(b"SEALED")
            assert (await client.ask(get(b"/held"))).body == b"plain"
    assert not origin.misread
    assert origin.complete[0].body == b"SEALED" * 10_000


@pytest.mark.parametrize("flaw", ["name", "authority", "plain"])
async def test_a_store_that_is_not_proved_gets_nothing(
    authority: Authority, tmp_path: Path, flaw: str
) -> None:
    trusts = ssl.create_default_context(cafile=authority.ca)
    stranger = Authority(tmp_path, "stranger")
    shown = {
        "name": shows(authority, "other.test"),
        "authority": shows(stranger, "127.0.0.1"),
        "plain": None,
    }[flaw]
    async with (
        Origin(shown) as origin,
        serving(origin, settings=settings(authority, origin)) as rig,
    ):
        client = await rig.client(tls=trusts)
        for request in (post(b"/held", b"plain"), post(b"/plain", b"plain")):
            found = await client.ask(request)
            assert (found.status, found.body) == (502, b"upstream_failed")
        assert not origin.requests
        assert b"plain" not in origin.everything


async def test_a_tls_answer_until_close_needs_a_proper_end(authority: Authority) -> None:
    async def torn(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nhalf of it")
        await writer.drain()
        await passed.wait()
        writer.get_extra_info("socket")
        writer.transport.abort()  # no close_notify: anybody on the way could have done it

    passed = asyncio.Event()
    trusts = ssl.create_default_context(cafile=authority.ca)
    async with Origin(shows(authority, "127.0.0.1")) as origin:
        origin.answer = torn
        async with serving(origin, settings=settings(authority, origin)) as rig:
            client = await rig.client(tls=trusts)
            await client.send(get(b"/plain"))
            await client.reader.readuntil(b"half of it")
            passed.set()
            with pytest.raises((ConnectionError, CutShortError)):
                await client.rest()
            held = await rig.client(tls=trusts)
            assert (await held.ask(get(b"/held"))).status == 502


async def test_bytes_that_are_no_tls_go_nowhere_and_into_no_log(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with (
        Origin() as origin,
        serving(origin, settings=settings(authority, origin)) as rig,
    ):
        client = await rig.client()
        await client.send(post(b"/plain", b"plain secret"))
        assert await client.is_closed()
    assert not origin.received
    assert "plain" not in caplog.text
    assert b"plain secret".hex() not in caplog.text


async def test_a_handshake_that_does_not_come_is_not_waited_for(authority: Authority) -> None:
    limits = replace(QUICK, drain_seconds=60)
    async with Origin() as origin:
        async with serving(origin, settings=settings(authority, origin, limits)) as rig:
            assert await (await rig.client()).is_closed()
            await until(lambda: rig.host.stats.connections_open == 0)
        patient = replace(limits, header_seconds=60)
        async with serving(origin, settings=settings(authority, origin, patient)) as rig:
            client = await rig.client()
            await until(lambda: rig.host.stats.connections_open == 1)
            await rig.host.drain()
            assert await client.is_closed()
