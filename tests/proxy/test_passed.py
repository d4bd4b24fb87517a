# SPDX-License-Identifier: Apache-2.0
"""Passed exchanges: streamed both ways, cut or refused when one side fails, upgrades, retries."""

import asyncio
from dataclasses import replace

import pytest

from sidecar.proxy import Limits
from tests.fixtures.origin import OK, Origin, Received, reset
from tests.proxy.rig import (
    QUICK,
    Client,
    CutShortError,
    Marking,
    answer,
    chunked,
    get,
    post,
    serving,
    until,
)

PATIENT = replace(QUICK, idle_seconds=60, header_seconds=60)


async def test_bodies_stream_both_ways_as_they_come(origin: Origin) -> None:
    pieces: asyncio.Queue[bytes] = asyncio.Queue()

    async def stream(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while piece := await pieces.get():
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        writer.write(b"0\r\n\r\n")

    origin.answer = stream
    async with serving(origin) as rig:
        client = await rig.client()
        await client.send(b"POST /plain HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for n in range(1, 4):
            await client.send(b"3\r\none\r\n")
            await until(lambda n=n: bool(origin.requests) and len(origin.requests[0].body) == 3 * n)
        await client.send(b"0\r\n\r\n")
        await client.reader.readuntil(b"\r\n\r\n")
        for piece in (b"first", b"second"):
            pieces.put_nowait(piece)
            assert await client.reader.readuntil(piece + b"\r\n")
        pieces.put_nowait(b"")
        assert await client.reader.readuntil(b"0\r\n\r\n")


async def test_chunks_and_trailers_are_kept_as_they_were(origin: Origin) -> None:
    request = chunked(
        b"/plain", b"a", b"bc", lines=(b"Trailer: X-Sum",), end=b'0;ext="q"\r\nX-Sum: 3\r\n\r\n'
    )
    raw = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"00A\r\n0123456789\r\n1;x\r\n!\r\n0\r\nX-Sum: 11\r\n\r\n"
    )
    origin.answer = raw
    async with serving(origin) as rig:
        client = await rig.client()
        for _ in range(2):
            await client.send(request)
            assert await client.reader.readexactly(len(raw)) == raw
    assert origin.everything == request * 2


async def test_expect_is_between_client_and_store(origin: Origin) -> None:
    origin.at_head = b"HTTP/1.1 100 Continue\r\n\r\n"
    async with serving(origin) as rig:
        client = await rig.client()
        head, body = post(b"/plain", b"body", b"Expect: 100-continue").split(b"\r\n\r\n")
        await client.send(head + b"\r\n\r\n")
        assert await client.reader.readuntil(b"\r\n\r\n") == origin.at_head
        await client.send(body)
        assert (await client.answer()).status == 200
    assert origin.complete[0].values(b"expect") == [b"100-continue"]


async def test_a_store_may_answer_before_it_has_the_body(origin: Origin) -> None:
    origin.at_head = answer(b"no", status=b"413 Too Large")
    async with serving(origin) as rig:
        client = await rig.client()
        await client.send(post(b"/plain", b"x" * 1000, b"Expect: 100-continue")[:-1000])
        assert (await client.answer()).status == 413
        assert await client.rest() == b""  # where the next request would begin is not known
    await until(lambda: origin.closed == 1)


async def test_interim_answers_go_through_to_clients_that_know_them(origin: Origin) -> None:
    origin.answer = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK
    async with serving(origin) as rig:
        assert (await (await rig.client()).ask(get(b"/plain"))).interim == [103]
        old = await (await rig.client()).ask(b"GET /plain HTTP/1.0\r\n\r\n")
        assert (old.status, old.interim) == (200, [])


async def test_an_answer_until_close_ends_with_the_connection(origin: Origin) -> None:
    origin.answer = _raw_then_close(b"HTTP/1.1 200 OK\r\n\r\nall of it")
    async with serving(origin) as rig:
        client = await rig.client()
        assert (await client.ask(get(b"/plain"))).body == b"all of it"
        assert await client.rest() == b""


async def test_an_answer_until_close_that_is_reset_is_reset(origin: Origin) -> None:
    async def half(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nhalf of it")
        await writer.drain()
        await passed.wait()
        reset(writer)

    passed = asyncio.Event()
    origin.answer = half
    async with serving(origin) as rig:
        client = await rig.client()
        await client.send(get(b"/plain"))
        await client.reader.readuntil(b"half of it")
        passed.set()
        with pytest.raises(ConnectionError):
            await client.rest()
        assert rig.host.stats.aborts == 1


@pytest.mark.parametrize("framing", [b"Content-Length: 100", b"Transfer-Encoding: chunked"])
async def test_an_answer_that_is_cut_short_is_cut_short(origin: Origin, framing: bytes) -> None:
    origin.answer = _raw_then_close(b"HTTP/1.1 200 OK\r\n%b\r\n\r\n4\r\nhalf\r\n" % framing)
    async with serving(origin) as rig:
        client = await rig.client()
        with pytest.raises(CutShortError):
            await client.ask(get(b"/plain"))


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n1",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 1\n\n1\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000,
        b"",
    ],
)
@pytest.mark.parametrize("target", [b"/plain", b"/held"])
async def test_an_answer_that_cannot_be_read_is_a_refusal(
    origin: Origin, raw: bytes, target: bytes
) -> None:
    origin.answer = _raw_then_close(raw)
    async with serving(origin) as rig:
        client = await rig.client()
        found = await client.ask(get(target))
        assert (found.status, found.body) == (502, b"upstream_failed")
        origin.answer = OK
        assert (await client.ask(get(target))).status == 200


@pytest.mark.parametrize("target", [b"/plain", b"/held"])
async def test_a_store_that_is_down_is_502_and_the_connection_goes_on(
    origin: Origin, target: bytes
) -> None:
    async with serving(origin) as rig:
        origin.stop_listening()
        client = await rig.client()
        for request in (get(target), post(target, b"plain")):
            assert (await client.ask(request)).status == 502
    assert not origin.received


@pytest.mark.parametrize("target", [b"/plain", b"/held"])
async def test_a_store_that_is_silent_is_504_and_is_left(origin: Origin, target: bytes) -> None:
    origin.answer = b""
    async with serving(origin, limits=PATIENT) as rig:
        client = await rig.client()
        assert (await client.ask(get(target))).status == 504
        await until(lambda: origin.closed == 1)
        origin.answer = OK
        assert (await client.ask(get(target))).status == 200


async def test_a_store_that_falls_silent_within_an_answer_is_cut(origin: Origin) -> None:
    origin.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"
    async with serving(origin, limits=PATIENT) as rig:
        client = await rig.client()
        with pytest.raises(CutShortError):
            await client.ask(get(b"/plain"))


async def test_a_kept_connection_that_went_stale_is_replaced_without_a_word(origin: Origin) -> None:
    async with serving(origin) as rig:
        client = await rig.client()
        await client.ask(get(b"/plain"))
        for target in (b"/plain", b"/held"):
            origin.answer = _close_once(origin)
            assert (await client.ask(get(target))).status == 200
        assert rig.host.stats.upstream_retries == 2


@pytest.mark.parametrize("target", [b"/plain", b"/held"])
async def test_what_must_not_be_done_twice_is_never_asked_twice(
    origin: Origin, target: bytes
) -> None:
    async with serving(origin) as rig:
        client = await rig.client()
        await client.ask(get(b"/plain"))
        origin.answer = _close_once(origin)
        assert (await client.ask(post(target, b"plain"))).status == 502
        assert rig.host.stats.upstream_retries == 0
    assert sum(request.method == b"POST" for request in origin.complete) == 1


@pytest.mark.parametrize("target", [b"/plain", b"/held"])
@pytest.mark.parametrize(
    "begun", [b"HTTP/1.1 200 OK\r\nContent-", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"]
)
async def test_what_has_begun_to_be_answered_is_not_asked_again(
    origin: Origin, target: bytes, begun: bytes
) -> None:
    """Or the client would find one answer within another."""
    async with serving(origin) as rig:
        client = await rig.client()
        await client.ask(get(target))
        origin.answer = _raw_then_close(begun)
        if target == b"/plain" and begun.endswith(b"half"):
            with pytest.raises(CutShortError):
                await client.ask(get(target))
        else:
            assert (await client.ask(get(target))).status == 502
        assert rig.host.stats.upstream_retries == 0
    assert len(origin.complete) == 2


async def test_a_fresh_connection_that_fails_is_not_tried_again(origin: Origin) -> None:
    origin.answer = _raw_then_close(b"")
    async with serving(origin) as rig:
        assert (await (await rig.client()).ask(get(b"/plain"))).status == 502
    assert len(origin.complete) == 1


async def test_a_client_that_leaves_within_its_body_takes_the_upstream_along(
    origin: Origin,
) -> None:
    async with serving(origin) as rig:
        client = await rig.client()
        await client.send(post(b"/plain", b"x" * 100)[:-50])
        await until(lambda: bool(origin.received))
        client.close()
        await until(lambda: origin.closed == 1)
    assert origin.misread


async def test_an_upgrade_passes_where_no_rule_protects_the_host(origin: Origin) -> None:
    async def echo(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nhello"
        )

    class Open(Marking):
        def protects(self, authority: str) -> bool:
            return False

    origin.answer = echo
    async with serving(origin, Open(), QUICK) as rig:
        client = await rig.client()
        await client.send(get(b"/plain", b"Upgrade: echo", b"Connection: upgrade"))
        assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        assert await client.reader.readexactly(5) == b"hello"
        await client.send(b"\x00raw")
        await until(lambda: origin.everything.endswith(b"\x00raw"))
        client.close()
        await until(lambda: origin.closed == 1)


@pytest.mark.parametrize("target", [b"/plain", b"/observed"])
async def test_after_an_upgrade_both_sides_speak_on_and_nobody_reads_it(
    origin: Origin, target: bytes
) -> None:
    """What the store says is no answer, and what the client says begins no request."""
    switched: list[asyncio.StreamWriter] = []

    async def switch(_: Received, writer: asyncio.StreamWriter) -> None:
        switched.append(writer)
        writer.write(b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")

    origin.answer = switch
    async with serving(origin, limits=QUICK) as rig:
        client = await rig.client()
        await client.send(get(target, b"Upgrade: websocket", b"Connection: upgrade"))
        await client.reader.readuntil(b"\r\n\r\n")
        for said in (b"\x81\x05hello", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"):
            switched[0].write(said)
            assert await client.reader.readexactly(len(said)) == said
        await client.send(get(b"/held"))
        await until(lambda: origin.everything.endswith(get(b"/held")))
        assert rig.host.stats.requests_held == 0
        client.close()
        await until(lambda: origin.closed == 1)


@pytest.mark.parametrize("agreed", [b"WebSocket", b"h2c", b""])
async def test_a_websocket_passes_at_a_protected_host_where_no_rule_holds(
    origin: Origin, agreed: bytes
) -> None:
    async def switch(_: Received, writer: asyncio.StreamWriter) -> None:
        line = b"Upgrade: %b\r\n" % agreed if agreed else b""
        writer.write(b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\n%b\r\nhello" % line)

    origin.answer = switch
    async with serving(origin, limits=QUICK) as rig:
        client = await rig.client()
        await client.send(get(b"/plain", b"Upgrade: websocket", b"Connection: upgrade"))
        if agreed != b"WebSocket":  # to which the store may not switch by itself
            assert (await client.answer()).status == 502
            return
        assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        assert await client.reader.readexactly(5) == b"hello"
        await client.send(b"\x81raw")
        await until(lambda: origin.everything.endswith(b"\x81raw"))
        client.close()
        await until(lambda: origin.closed == 1)


async def test_no_other_upgrade_is_offered_to_a_protected_host(origin: Origin) -> None:
    async with serving(origin) as rig:
        client = await rig.client()
        lines = (b"Upgrade: h2c", b"Connection: upgrade, HTTP2-Settings", b"HTTP2-Settings: AA")
        assert (await client.ask(get(b"/plain", *lines, b"X-Kept: 1"))).status == 200
        closing = (b"Upgrade: websocket, h2c", b"Connection: upgrade, close")
        assert (await client.ask(get(b"/plain", *closing))).status == 200
        assert await client.rest() == b""
    first, second = origin.complete
    assert {name for name, _ in first.headers} == {b"host", b"x-kept"}
    assert second.values(b"connection") == [b"close"]


@pytest.mark.parametrize("target", [b"/plain", b"/held"])
async def test_an_offer_to_upgrade_may_come_with_a_body(origin: Origin, target: bytes) -> None:
    """As Java's client does with its first request."""
    lines = (b"Upgrade: h2c", b"Connection: Upgrade, HTTP2-Settings", b"HTTP2-Settings: AA")
    async with serving(origin) as rig:
        client = await rig.client()
        for request in (post(target, b"hello", *lines), chunked(target, b"hello", lines=lines)):
            assert (await client.ask(request)).status == 200
    assert [request.body for request in origin.complete] == [b"hello"] * 2


async def test_idle_clients_and_half_heads_are_closed_in_time(origin: Origin) -> None:
    async with serving(origin, limits=QUICK) as rig:
        silent, half, kept = [await rig.client() for _ in range(3)]
        await half.send(b"GET /plain HT")
        await kept.ask(get(b"/plain"))
        for client in (silent, half, kept):
            assert await client.is_closed()


async def test_a_head_that_trickles_does_not_win_time_with_every_byte(origin: Origin) -> None:
    async with serving(origin, limits=QUICK) as rig:
        client = await rig.client()
        trickle = asyncio.create_task(_trickle(client))
        assert await client.is_closed()
        trickle.cancel()


async def test_a_slow_reader_does_not_fill_the_memory(origin: Origin) -> None:
    size = 64 * 1024 * 1024
    written = 0

    async def flood(_: Received, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        while written < size:
            writer.write(b"x" * 65536)
            written += 65536
            await writer.drain()

    origin.answer = flood
    async with serving(origin) as rig:
        client = await rig.client()
        await client.send(get(b"/plain"))
        await _standstill(lambda: written)
        assert written < 32 * 1024 * 1024  # what the kernel's buffers take, and a little more
        total = len(await client.reader.readuntil(b"\r\n\r\n"))
        while total < size:
            total += len(await client.reader.read(1 << 20))


async def test_a_store_that_does_not_read_does_not_fill_the_memory(origin: Origin) -> None:
    size = 64 * 1024 * 1024
    sent = 0
    origin.reads.clear()
    async with serving(origin, limits=Limits(body_seconds=60, response_seconds=60)) as rig:
        client = await rig.client()

        async def upload() -> None:
            nonlocal sent
            await client.send(post(b"/plain", b"").replace(b": 0", b": %d" % size))
            while sent < size:
                await client.send(b"x" * 262144)
                sent += 262144

        task = asyncio.create_task(upload())
        await _standstill(lambda: sent)
        stood = sent
        assert stood < 32 * 1024 * 1024  # what the kernel's buffers take, and a little more
        origin.reads.set()
        await until(lambda: sent > stood)
        task.cancel()


async def test_a_client_far_ahead_is_not_read_from(origin: Origin) -> None:
    origin.answer = _when(may_answer := asyncio.Event())
    async with serving(origin, limits=Limits(response_seconds=60)) as rig:
        client = await rig.client()
        await client.send(get(b"/plain"))
        sent = 0

        async def ahead() -> None:
            nonlocal sent
            for _ in range(1000):
                await client.send(get(b"/plain", b"X: " + b"x" * 30_000))
                sent += 1

        task = asyncio.create_task(ahead())
        await _standstill(lambda: sent)
        assert 0 < sent < 1000
        may_answer.set()
        for _ in range(1001):
            assert (await client.answer()).status == 200
        await task


def _when(event: asyncio.Event) -> object:
    async def wait(_: Received, writer: asyncio.StreamWriter) -> None:
        await event.wait()
        writer.write(OK)

    return wait


async def _standstill(count: object) -> None:
    """Wait until a counter has moved, and then nothing any more.

    Client, proxy and store run in this one loop over loopback, which delivers at once: when many
    of its turns have moved nothing, nothing but the test will.
    """
    before, turns = 0, 0
    while turns < 500:
        await asyncio.sleep(0)
        now = count()  # type: ignore[operator]
        turns = turns + 1 if now == before and now else 0
        before = now


async def _trickle(client: Client) -> None:
    while True:
        await client.send(b"G")
        await asyncio.sleep(0.05)


def _raw_then_close(raw: bytes) -> object:
    async def give(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        writer.write_eof()

    return give


def _close_once(origin: Origin) -> object:
    async def close(_: Received, writer: asyncio.StreamWriter) -> None:
        origin.answer = OK
        writer.transport.abort()

    return close
