# SPDX-License-Identifier: Apache-2.0
"""The host end to end: real clients, a real store, what goes through and what becomes of it."""

import asyncio

import pytest

from sidecar.errors import Misconfigured
from sidecar.proxy import Limits, Listener, ProxySettings, Upstream
from sidecar.proxy.host import Host
from tests.fixtures.origin import Origin
from tests.proxy.rig import Marking, answer, get, post, serving, until


async def test_a_passed_request_and_its_answer_go_through_byte_for_byte(origin: Origin) -> None:
    request = (
        b"POST /plain?q=%20a+b HTTP/1.1\r\nhost:  store \r\nX-Odd:\ta  b\r\n"
        b"x-odd: second\r\nContent-Length: 5\r\n\r\nplain"
    )
    raw = b"HTTP/1.1 201 Made It\r\nX-One:1\r\nx-one: 2\r\nContent-Length: 4\r\n\r\n\x00\xffok"
    origin.answer = raw
    async with serving(origin) as rig:
        client = await rig.client()
        await client.send(request)
        assert await client.reader.readexactly(len(raw)) == raw
    assert origin.everything == request


async def test_a_held_request_is_sealed_and_its_answer_opened(origin: Origin) -> None:
    origin.answer = answer(b'{"a":"SEALED"}', b"Content-Type: application/json")
    async with serving(origin) as rig:
        client = await rig.client()
        found = await client.ask(post(b"/held/1", b'{"a":"plain"}', b"X-Kept: yes"))
    assert found.body == b'{"a":"plain"}'
    [request] = origin.complete
    assert request.body == b'{"a":"SEALED"}'
    assert request.values(b"x-kept") == [b"yes"]
    assert request.values(b"content-length") == [b"14"]


async def test_many_requests_share_one_connection_each_way(origin: Origin) -> None:
    async with serving(origin) as rig:
        client = await rig.client()
        for _ in range(20):
            assert (await client.ask(get(b"/plain"))).status == 200
            assert (await client.ask(post(b"/held", b"plain"))).status == 200
        assert rig.host.stats.connections == 1
        assert rig.host.stats.upstream_connections == 1
        assert rig.host.stats.requests_passed == rig.host.stats.requests_held == 20
    assert len(origin.received) == 1


async def test_pipelined_requests_are_answered_in_order(origin: Origin) -> None:
    async def echo(request: object, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(request.target))  # type: ignore[attr-defined]

    origin.answer = echo
    async with serving(origin) as rig:
        client = await rig.client()
        targets = [b"/%b%d" % (kind, n) for n in range(30) for kind in (b"plain", b"held")]
        await client.send(b"".join(map(get, targets)))
        assert [(await client.answer()).body for _ in targets] == targets


async def test_every_listener_has_its_own_upstream_and_port_0_is_any_port(origin: Origin) -> None:
    async with Origin() as other:
        other.answer = answer(b"other")
        listeners = tuple(
            Listener("127.0.0.1", 0, Upstream("http", "127.0.0.1", each.port))
            for each in (origin, other, origin)
        )
        async with serving(origin, settings=ProxySettings(listeners)) as rig:
            assert len(set(rig.host.addresses)) == 3
            bodies = [(await (await rig.client(n)).ask(get(b"/"))).body for n in range(3)]
    assert bodies == [b"ok", b"other", b"ok"]


async def test_the_host_header_is_kept_or_replaced_as_the_listener_says(origin: Origin) -> None:
    upstream = Upstream("http", "127.0.0.1", origin.port)
    listeners = (
        Listener("127.0.0.1", 0, upstream),
        Listener("127.0.0.1", 0, upstream, host_header="upstream"),
    )
    async with serving(origin, settings=ProxySettings(listeners)) as rig:
        for listener in (0, 1):
            client = await rig.client(listener)
            await client.ask(get(b"/plain"))
            await client.ask(post(b"/held", b"plain"))
    hosts = [request.values(b"host") for request in origin.complete]
    assert hosts == [[b"store"]] * 2 + [[upstream.authority.encode()]] * 2


async def test_a_port_that_is_taken_is_said_so_and_nothing_is_left_listening(
    origin: Origin,
) -> None:
    upstream = Upstream("http", "127.0.0.1", 9)
    settings = ProxySettings(
        (Listener("127.0.0.1", 0, upstream), Listener("127.0.0.1", origin.port, upstream))
    )
    host = Host(settings, Marking())
    with pytest.raises(Misconfigured, match=rf"127\.0\.0\.1:{origin.port} cannot be listened on"):
        await host.__aenter__()
    assert host.addresses == ()


async def test_one_connection_more_than_the_limit_is_turned_away(origin: Origin) -> None:
    async with serving(origin, limits=Limits(connections=2)) as rig:
        kept = [await rig.client(), await rig.client()]
        for client in kept:
            assert (await client.ask(get(b"/"))).status == 200
        assert await (await rig.client()).is_closed()
        assert rig.host.stats.connections_refused == 1
        kept[0].close()
        await until(lambda: rig.host.stats.connections_open == 1)
        assert (await (await rig.client()).ask(get(b"/"))).status == 200


async def test_drain_finishes_what_is_in_flight_and_closes_the_idle(origin: Origin) -> None:
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def slow(_: object, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await may_answer.wait()
        writer.write(answer(b"late"))

    async with serving(origin) as rig:
        idle, busy = await rig.client(), await rig.client()
        await idle.ask(get(b"/"))
        origin.answer = slow
        await busy.send(post(b"/held", b"plain"))
        await asked.wait()
        drain = asyncio.create_task(rig.host.drain())
        assert await idle.is_closed()
        with pytest.raises(OSError, match=r"Connect"):
            await rig.client()
        may_answer.set()
        found = await busy.answer()
        assert (found.body, found.values(b"connection")) == (b"late", [b"close"])
        assert await busy.is_closed()
        await drain
        assert rig.host.stats.connections_open == 0


async def test_a_request_that_comes_while_the_host_ends_is_answered_as_the_last(
    origin: Origin,
) -> None:
    """Else a client whose request and our close had crossed each other would have lost it."""
    async with serving(origin) as rig:
        client = await rig.client()
        await client.ask(get(b"/"))
        drain = asyncio.create_task(rig.host.drain())
        await until(lambda: not rig.host.tally.accepts)
        found = await client.ask(post(b"/held", b"plain"))
        assert (found.status, found.values(b"connection")) == (200, [b"close"])
        assert await client.is_closed()
        await drain


async def test_drain_cuts_what_does_not_finish_in_time(origin: Origin) -> None:
    async def never(_: object, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    origin.answer = never
    async with serving(origin, limits=Limits(drain_seconds=0.3)) as rig:
        client = await rig.client()
        await client.send(get(b"/plain"))
        await client.reader.readuntil(b"half")
        await rig.host.drain()
        with pytest.raises(ConnectionError):
            await client.rest()
