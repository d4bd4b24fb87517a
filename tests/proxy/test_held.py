# SPDX-License-Identifier: Apache-2.0
"""Held exchanges: gathered whole and bounded, sealed and opened as one message, refused cleanly."""

import asyncio
import gc
from dataclasses import replace

import pytest

from sidecar.message import Refusal, RequestHead, ResponseHead
from sidecar.proxy import Limits
from sidecar.proxy.layers.http1.reader import MessageReader
from sidecar.transform import PASS, Hold, Sealed
from tests.fixtures.origin import Origin, Received
from tests.proxy.rig import (
    QUICK,
    CutShortError,
    Marking,
    answer,
    chunked,
    get,
    post,
    serving,
    until,
)

LIMIT = Marking.body_limit


async def test_a_chunked_request_leaves_as_one_message_without_its_trailers(origin: Origin) -> None:
    async with serving(origin) as rig:
        client = await rig.client()
        body = chunked(b"/held", b"pl", b"ain", b"x" * 5000, end=b"0\r\nX-Digest: 1\r\n\r\n")
        assert (await client.ask(body)).status == 200
    [request] = origin.complete
    assert request.body == b"SEALED" + b"x" * 5000
    assert request.values(b"content-length") == [b"5006"]
    assert not request.values(b"transfer-encoding")
    assert not request.trailers


@pytest.mark.parametrize(("method", "held"), [(b"PUT", len(b"SEALED")), (b"POST", 0)])
async def test_what_may_have_to_be_sent_again_is_held_until_its_answer_comes_and_no_other(
    origin: Origin, method: bytes, held: int
) -> None:
    may_answer = asyncio.Event()

    async def late(_: Received, writer: asyncio.StreamWriter) -> None:
        await may_answer.wait()
        writer.write(answer(b"SEALED"))

    origin.answer = late
    async with serving(origin) as rig:
        client = await rig.client()
        await client.send(post(b"/held", b"plain").replace(b"POST", method, 1))
        await until(lambda: bool(origin.complete))
        assert rig.host.stats.held_bytes == held
        may_answer.set()
        assert (await client.answer()).body == b"plain"
        await until(lambda: rig.host.stats.held_bytes == 0)


async def test_a_chunked_answer_is_opened_whole_and_its_trailers_end_here(origin: Origin) -> None:
    origin.answer = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Digest\r\n\r\n"
        b"3\r\nSEA\r\n3\r\nLED\r\n0\r\nX-Digest: 1\r\n\r\n"
    )
    async with serving(origin) as rig:
        client = await rig.client()
        found = await client.ask(get(b"/held"))
        assert (found.body, found.values(b"content-length")) == (b"plain", [b"5"])
        assert not found.values(b"trailer")
        assert (await client.ask(get(b"/held"))).body == b"plain"


async def test_a_request_that_comes_byte_by_byte_is_the_same_request(origin: Origin) -> None:
    async with serving(origin) as rig:
        client = await rig.client()
        for byte in chunked(b"/held", b"plain", b"text"):
            await client.send(bytes((byte,)))
            await asyncio.sleep(0)
        assert (await client.answer()).status == 200
    assert origin.complete[0].body == b"SEALEDtext"


@pytest.mark.parametrize("by", ["length", "chunks"])
async def test_a_body_over_the_limit_is_refused_and_nothing_goes_upstream(
    origin: Origin, by: str
) -> None:
    body = b"plain" + b"x" * LIMIT
    async with serving(origin) as rig:
        client = await rig.client()
        request = post(b"/held", body) if by == "length" else chunked(b"/held", body)
        found = await client.ask(request)
        assert (found.status, found.body) == (413, b"too_large")
        if by == "length":  # short enough to be read to its end
            assert (await client.ask(post(b"/held", b"x" * LIMIT))).status == 200
    assert b"plain" not in origin.everything


async def test_a_refused_body_that_is_long_ends_the_connection_after_the_refusal(
    origin: Origin,
) -> None:
    async with serving(origin) as rig:
        client = await rig.client()
        await client.send(post(b"/held", b"")[:-2].replace(b"Length: 0", b"Length: 99999999"))
        await client.send(b"\r\n" + b"plain" * 50_000)
        found = await client.answer()
        assert (found.status, found.values(b"connection")) == (413, [b"close"])
        assert await client.rest() == b""
    assert not origin.received


async def test_an_answer_over_the_limit_is_refused(origin: Origin) -> None:
    async with serving(origin) as rig:
        for raw in (
            answer(b"x" * (LIMIT + 1)),
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % (LIMIT + 1)
            + b"x" * (LIMIT + 1),
            b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * (LIMIT + 1),
        ):
            origin.answer = raw
            client = await rig.client()
            assert (await client.ask(get(b"/held"))).status == 413
            origin.answer = answer(b"SEALED")
            assert (await client.ask(get(b"/held"))).body == b"plain"


async def test_a_body_waits_for_room_and_others_go_on(origin: Origin) -> None:
    async with serving(origin, limits=Limits(held_bytes=LIMIT)) as rig:
        first, second, third, other = [await rig.client() for _ in range(4)]
        body = post(b"/held", b"x" * (LIMIT - 100))
        await first.send(body[:-1])
        await until(lambda: rig.host.stats.held_bytes == LIMIT - 101)
        await second.send(body[:500])  # goes on, as the first in the line
        await until(lambda: rig.host.stats.held_bytes > LIMIT)
        await third.send(body[:500])
        await until(lambda: rig.host.stats.held_bytes > LIMIT + 500)
        held = rig.host.stats.held_bytes
        await third.send(body[500:])  # is not read
        assert (await other.ask(post(b"/plain", b"x" * LIMIT))).status == 200  # is not held
        assert (await other.ask(post(b"/held", b"x" * 200))).status == 200  # came whole
        assert rig.host.stats.held_bytes == held
        await second.send(body[500:])
        for client in (second, third):
            assert (await client.answer()).status == 200
        await first.send(body[-1:])
        assert (await first.answer()).status == 200
        await until(lambda: rig.host.stats.held_bytes == 0)


async def test_a_body_that_finds_no_room_in_time_is_refused(origin: Origin) -> None:
    limits = Limits(held_bytes=LIMIT, room_seconds=0.3)
    async with serving(origin, limits=limits) as rig:
        waiting = [await rig.client() for _ in range(4)]
        body = post(b"/held", b"x" * (LIMIT - 100))
        for client in waiting[:2]:
            await client.send(body[:-1])
        await until(lambda: rig.host.stats.held_bytes == 2 * (LIMIT - 101))
        await waiting[2].send(body[:-1])
        found = await waiting[2].answer()
        assert (found.status, found.body) == (503, b"overloaded")
        for client in waiting[:2]:
            await client.send(body[-1:])
            assert (await client.answer()).status == 200
        assert (await waiting[3].ask(body)).status == 200
        await until(lambda: rig.host.stats.held_bytes == 0)


async def test_bodies_that_wait_for_each_other_all_come_through(origin: Origin) -> None:
    """Each is half read and needs what the others have: one goes on without room, then the next."""
    async with serving(origin, limits=Limits(held_bytes=4 * LIMIT)) as rig:
        clients = [await rig.client() for _ in range(3)]
        length = 60 * LIMIT
        rig.transform.body_limit = length
        for client in clients:
            await client.send(post(b"/held", b"x" * length)[: 2 * LIMIT])
        sends = [
            asyncio.create_task(client.send(post(b"/held", b"x" * length)[2 * LIMIT :]))
            for client in clients
        ]
        for client in clients:
            assert (await client.answer()).status == 200
        await asyncio.gather(*sends)
        await until(lambda: rig.host.stats.held_bytes == 0)


async def test_an_answer_waits_for_room_too(origin: Origin) -> None:
    async with serving(origin, limits=Limits(held_bytes=LIMIT)) as rig:
        holder, first, asker = [await rig.client() for _ in range(3)]
        body = post(b"/held", b"x" * (LIMIT - 100))
        for client in (holder, first):
            await client.send(body[:-1])
        await until(lambda: rig.host.stats.held_bytes == 2 * (LIMIT - 101))
        sent = asyncio.Event()

        async def slowly(_: object, out: asyncio.StreamWriter) -> None:
            out.write(answer(b"SEALED" + b"x" * 20_000)[:10_000])
            await out.drain()
            await until(lambda: rig.host.stats.held_bytes > 2 * LIMIT)
            out.write(answer(b"SEALED" + b"x" * 20_000)[10_000:])
            sent.set()

        origin.answer = slowly
        await asker.send(get(b"/held"))
        await sent.wait()
        origin.answer = answer(b"ok")
        for client in (first, holder):
            await client.send(body[-1:])
            assert (await client.answer()).status == 200
        assert (await asker.answer()).body == b"plain" + b"x" * 20_000


async def test_whoever_leaves_gives_back_its_room(origin: Origin) -> None:
    async with serving(origin, limits=Limits(held_bytes=LIMIT)) as rig:
        leaver = await rig.client()
        await leaver.send(post(b"/held", b"x" * (LIMIT - 100))[:-1])
        await until(lambda: rig.host.stats.held_bytes > 0)
        leaver.close()
        await until(lambda: rig.host.stats.held_bytes == rig.host.tally.held == 0)


def gathered() -> int:
    """Bytes of bodies that any reader in this process holds on to."""
    readers = [each for each in gc.get_objects() if isinstance(each, MessageReader)]
    return sum(len(reader._payload or b"") for reader in readers)


async def test_a_connection_that_rests_holds_no_body(origin: Origin) -> None:
    """The limit on all held bodies counts none for it, and what was in one is secret."""
    origin.answer = answer(b"SEALED" + b"x" * 1000)
    async with serving(origin) as rig:
        served, refused = await rig.client(), await rig.client()
        assert (await served.ask(post(b"/held", b"x" * 1000))).status == 200
        await refused.send(chunked(b"/held", b"x" * (LIMIT + 1), end=b""))
        assert (await refused.answer()).status == 413
        assert gathered() == 0


async def test_we_ask_for_the_body_ourselves_when_the_client_expects_to_be_asked(
    origin: Origin,
) -> None:
    async with serving(origin) as rig:
        client = await rig.client()
        head, body = post(b"/held", b"plain", b"Expect: 100-continue").split(b"\r\n\r\n")
        await client.send(head + b"\r\n\r\n")
        assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert not origin.received
        await client.send(body)
        assert (await client.answer()).status == 200
    assert not origin.complete[0].values(b"expect")


async def test_no_body_is_asked_for_that_would_be_refused(origin: Origin) -> None:
    async with serving(origin) as rig:
        client = await rig.client()
        length = b"Content-Length: %d" % (LIMIT + 1)
        head = b"\r\n".join(
            (b"POST /held HTTP/1.1", b"Host: a", length, b"Expect: 100-continue", b"", b"")
        )
        found = await client.ask(head)
        assert (found.status, found.interim, found.values(b"connection")) == (413, [], [b"close"])


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
async def test_answers_without_a_body_keep_the_connection(origin: Origin, status: bytes) -> None:
    origin.answer = b"HTTP/1.1 %b\r\nETag: x\r\n\r\n" % status
    async with serving(origin) as rig:
        client = await rig.client()
        for target in (b"/held", b"/plain", b"/held"):
            found = await client.ask(get(target))
            assert (found.status, found.body, found.values(b"etag")) == (
                int(status[:3]),
                b"",
                [b"x"],
            )
    assert len(origin.received) == 1


async def test_head_answers_have_no_body(origin: Origin) -> None:
    origin.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"
    async with serving(origin) as rig:
        client = await rig.client()
        head = get(b"/held").replace(b"GET", b"HEAD")
        assert not (await client.ask(head)).values(b"content-length")  # it was the sealed one's
        passed = head.replace(b"/held", b"/plain")
        assert (await client.ask(passed)).values(b"content-length") == [b"6"]
        assert (await client.ask(head)).status == 200
    assert len(origin.received) == 1


async def test_interim_answers_of_the_store_end_here(origin: Origin) -> None:
    origin.answer = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 3 + answer(b"SEALED")
    async with serving(origin) as rig:
        found = await (await rig.client()).ask(get(b"/held"))
    assert (found.interim, found.body) == ([], b"plain")


async def test_an_answer_that_ends_with_the_connection_is_whole_when_it_ends_orderly(
    origin: Origin,
) -> None:
    async def until_closed(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nSEAL")
        await writer.drain()
        writer.write(b"ED")
        writer.write_eof()

    origin.answer = until_closed
    async with serving(origin) as rig:
        client = await rig.client()
        for _ in range(2):
            found = await client.ask(get(b"/held"))
            assert (found.body, found.values(b"content-length")) == (b"plain", [b"5"])


async def test_clients_of_http_1_0_are_served_in_their_own_way(origin: Origin) -> None:
    origin.answer = answer(b"SEALED")
    async with serving(origin) as rig:
        client = await rig.client()
        old = b"GET /held HTTP/1.0\r\n%b\r\n"
        assert (await client.ask(old % b"Connection: keep-alive\r\n")).body == b"plain"
        assert (await client.ask(old % b"")).body == b"plain"
        assert await client.rest() == b""
    assert origin.complete[0].values(b"host")


async def test_hop_by_hop_fields_end_here(origin: Origin) -> None:
    origin.answer = answer(b"SEALED", b"Keep-Alive: timeout=5", b"Connection: Keep-Alive")
    async with serving(origin) as rig:
        client = await rig.client()
        lines = (b"Connection: keep-alive", b"Keep-Alive: 5", b"TE: trailers", b"Upgrade: h2c")
        found = await client.ask(post(b"/held", b"plain", *lines))
    assert not found.values(b"keep-alive")
    sent = {name for name, _ in origin.complete[0].headers}
    assert sent == {b"host", b"content-length"}


class Slow(Marking):
    """Keys that come when the test says so."""

    def __init__(self) -> None:
        self.wanted, self.keys, self.given_up = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def seal(self, hold: Hold, body: bytes) -> object:
        self.wanted.set()
        try:
            await self.keys.wait()
        except asyncio.CancelledError:
            self.given_up.set()
            raise
        return super().seal(hold, body)


async def test_one_that_waits_for_its_key_keeps_nobody_else_waiting(origin: Origin) -> None:
    slow = Slow()
    async with serving(origin, slow) as rig:
        waiting, other = await rig.client(), await rig.client()
        await waiting.send(post(b"/held", b"plain") + get(b"/plain"))
        await slow.wanted.wait()
        assert (await other.ask(get(b"/plain"))).status == 200
        assert rig.host.stats.waits == 1
        slow.keys.set()
        assert [(await waiting.answer()).status for _ in range(2)] == [200, 200]
    assert [request.target for request in origin.complete] == [b"/plain", b"/held", b"/plain"]


async def test_a_key_that_does_not_come_is_a_refusal_and_the_connection_goes_on(
    origin: Origin,
) -> None:
    slow = Slow()
    limits = replace(QUICK, idle_seconds=60, header_seconds=60)
    async with serving(origin, slow, limits) as rig:
        client = await rig.client()
        found = await client.ask(post(b"/held", b"plain"))
        assert (found.status, found.body) == (503, b"key_unavailable")
        slow.keys.set()
        assert (await client.ask(post(b"/held", b"plain"))).status == 200
    assert [request.body for request in origin.complete] == [b"SEALED"]


async def test_a_client_that_leaves_while_its_key_is_awaited_leaves_nothing(origin: Origin) -> None:
    slow = Slow()
    async with serving(origin, slow) as rig:
        client = await rig.client()
        await client.send(post(b"/held", b"plain") + b"POST /held HTTP/1.1\r\nHost: a\r\nContent-")
        await slow.wanted.wait()
        client.close()
        await slow.given_up.wait()
        await until(lambda: rig.host.stats.connections_open == 0)
    assert b"plain" not in origin.everything


async def test_a_client_that_leaves_within_its_body_leaves_nothing(origin: Origin) -> None:
    async with serving(origin) as rig:
        client = await rig.client()
        await client.send(post(b"/held", b"plain" * 100)[:-5])
        await until(lambda: rig.host.stats.requests_held == 1)
        client.close()
        await until(lambda: rig.host.stats.connections_open == 0)
    assert not origin.received


async def test_a_client_may_close_its_half_after_it_has_asked(origin: Origin) -> None:
    slow = Slow()
    async with serving(origin, slow) as rig:
        client = await rig.client()
        await client.send(post(b"/held", b"plain") + get(b"/plain") + b"GET /half HT")
        client.writer.write_eof()
        await slow.wanted.wait()
        slow.keys.set()
        assert [(await client.answer()).status for _ in range(2)] == [200, 200]
        assert await client.rest() == b""
    assert len(origin.complete) == 2


async def test_a_refusal_while_a_request_is_claimed_keeps_the_connection(origin: Origin) -> None:
    class Refusing(Marking):
        def claim(self, head: RequestHead) -> object:
            return Refusal(403, ((b"X-Code", b"7"),), b"no", "refused")

    async with serving(origin, Refusing()) as rig:
        client = await rig.client()
        for _ in range(3):
            found = await client.ask(post(b"/held", b"plain" * 100))
            assert (found.status, found.body, found.values(b"x-code")) == (403, b"no", [b"7"])
        head = await client.ask(get(b"/held").replace(b"GET", b"HEAD"))
        assert (head.status, head.body, head.values(b"content-length")) == (403, b"", [b"2"])
        assert rig.host.stats.refusals["refused"] == 4
        assert rig.host.stats.connections == 1
    assert not origin.received


async def test_an_observed_exchange_streams_on_unchanged_whatever_the_transform_says(
    origin: Origin,
) -> None:
    seen: list[bytes] = []

    class Observing(Marking):
        async def seal(self, hold: Hold, body: bytes) -> object:
            seen.append(body)
            if len(seen) == 1:
                return Sealed(hold.head, b"something else")
            raise RuntimeError

    origin.answer = answer(b"SEALED")
    async with serving(origin, Observing()) as rig:
        client = await rig.client()
        small, large = chunked(b"/observed", b"plain"), post(b"/observed", b"plain" + b"x" * LIMIT)
        for request in (small, small, large, get(b"/observed")):
            assert (await client.ask(request)).body == b"SEALED"
    assert origin.everything == small + small + large + get(b"/observed")
    assert seen == [b"plain", b"plain", b""]


@pytest.mark.parametrize("target", [b"/observed", b"/plain"])
async def test_whoever_looks_on_is_asked_about_every_request_though_its_head_comes_again(
    origin: Origin, target: bytes
) -> None:
    """`learn` counts requests as they are claimed, and so do metrics what would be refused."""
    claimed: list[bytes] = []

    class Counting(Marking):
        def claim(self, head: RequestHead) -> object:
            claimed.append(head.target)
            return super().claim(head)

    async with serving(origin, Counting()) as rig:
        client = await rig.client()
        for _ in range(3):
            await client.ask(get(target))
    assert claimed == [target] * 3


async def test_new_rules_hold_from_the_next_request_on_though_its_head_comes_again(
    origin: Origin,
) -> None:
    class Passing(Marking):
        def claim(self, head: RequestHead) -> object:
            return PASS

    asked = post(b"/held", b"plain")
    async with serving(origin, Passing()) as rig:
        client = await rig.client()
        for transform in (Passing(), Marking(), Marking(), Passing()):
            rig.host.put_in_force(rig.host.prepare(transform))  # type: ignore[arg-type]
            await client.ask(asked)
            await client.ask(asked)
        assert rig.host.stats.connections == 1
    bodies = [request.body for request in origin.complete]
    assert bodies == [b"plain"] * 2 + [b"SEALED"] * 4 + [b"plain"] * 2


async def test_a_store_that_fails_within_its_answer_is_a_refusal(origin: Origin) -> None:
    async def half(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nSEALED")
        await writer.drain()
        writer.transport.abort()

    origin.answer = half
    async with serving(origin) as rig:
        client = await rig.client()
        found = await client.ask(post(b"/held", b"plain"))
        assert (found.status, found.body) == (502, b"upstream_failed")
        origin.answer = answer(b"SEALED")
        assert (await client.ask(get(b"/held"))).body == b"plain"


@pytest.mark.parametrize("target", [b"/held", b"/plain"])
async def test_a_body_that_stops_coming_is_given_up(origin: Origin, target: bytes) -> None:
    async with serving(origin, limits=QUICK) as rig:
        client = await rig.client()
        await client.send(post(target, b"plain" * 10)[:-5])
        with pytest.raises(CutShortError):
            await client.answer()
        await until(lambda: rig.host.stats.connections_open == 0)
    assert not origin.complete


@pytest.mark.parametrize("kind", [b"text/event-stream", b"Text/Event-Stream;charset=utf-8"])
async def test_an_event_stream_is_refused_at_its_head(origin: Origin, kind: bytes) -> None:
    async def stream(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nTransfer-Encoding: chunked\r\n\r\n" % kind
        )
        await writer.drain()  # no event ever comes, and no end

    origin.answer = stream
    async with serving(origin) as rig:  # with time limits that no test waits for
        client = await rig.client()
        found = await client.ask(get(b"/held"))
        assert (found.status, found.body) == (403, b"endless")
        assert (await client.ask(get(b"/held"))).status == 403
        await until(lambda: origin.closed == 2)


async def test_an_event_stream_passes_where_no_rule_holds(origin: Origin) -> None:
    event = b"data: SEALED\n\n"
    origin.answer = answer(event, b"Content-Type: text/event-stream")
    async with serving(origin) as rig:
        assert (await (await rig.client()).ask(get(b"/plain"))).body == event


@pytest.mark.parametrize("offer", [b"websocket", b"WebSocket", b"h2c, websocket"])
async def test_a_websocket_is_refused_before_the_store_hears_of_it(
    origin: Origin, offer: bytes
) -> None:
    lines = (b"Connection: Upgrade", b"Upgrade: " + offer, b"Sec-WebSocket-Key: AAAA")
    async with serving(origin) as rig:
        found = await (await rig.client()).ask(get(b"/held", *lines))
    assert (found.status, found.body) == (403, b"endless")
    assert not origin.received


class SlowToOpen(Marking):
    """Opens no answer before it has its key."""

    def __init__(self) -> None:
        self.wanted, self.keys = asyncio.Event(), asyncio.Event()
        self.bodies: list[bytes] = []

    async def open(self, hold: Hold, head: ResponseHead, body: bytes) -> object:
        self.bodies.append(body)
        self.wanted.set()
        await self.keys.wait()
        return super().open(hold, head, body)


@pytest.mark.parametrize("more", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
async def test_an_answer_that_waits_for_its_key_is_opened_once_whatever_its_store_does(
    origin: Origin, more: bytes
) -> None:
    slow = SlowToOpen()

    async def then(_: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"SEALED"))
        await writer.drain()
        await slow.wanted.wait()
        writer.write(more)
        if not more:
            writer.close()

    origin.answer = then
    async with serving(origin, slow) as rig:
        client = await rig.client()
        await client.send(get(b"/held"))
        await until(lambda: origin.closed == 1)
        slow.keys.set()
        assert (await client.answer()).body == b"plain"
    assert slow.bodies == [b"SEALED"]


@pytest.mark.parametrize("unasked", [b"", answer(b"unasked")])
async def test_what_a_store_does_before_it_is_asked_is_no_answer(
    origin: Origin, unasked: bytes
) -> None:
    writers: list[asyncio.StreamWriter] = []

    async def keep(_: Received, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(answer(b"SEALED"))

    origin.answer = keep
    async with serving(origin) as rig:
        client = await rig.client()
        assert (await client.ask(get(b"/held"))).body == b"plain"
        request = post(b"/held", b"plain")
        await client.send(request[:-1])
        await until(lambda: rig.host.stats.requests_held == 2)
        writers[0].write(unasked)
        if not unasked:
            writers[0].close()
        await until(lambda: origin.closed == 1)
        await client.send(request[-1:])
        found = await client.answer()
    assert (found.status, found.body) == (200, b"plain")
    assert origin.complete[-1].body == b"SEALED"


async def test_bodies_that_a_store_does_not_take_stay_counted(origin: Origin) -> None:
    origin.reads.clear()
    big = Marking()
    big.body_limit = 32 * 1024 * 1024
    body = b"x" * (16 * 1024 * 1024)
    async with serving(origin, big, limits=Limits(held_bytes=1024 * 1024)) as rig:
        client = await rig.client()
        sent = asyncio.create_task(client.send(post(b"/held", body)))
        await until(lambda: rig.host.stats.upstream_connections == 1)
        await sent
        assert rig.host.stats.held_bytes == len(body)  # far more than sockets have room for
        origin.reads.set()
        assert (await client.answer()).status == 200
        assert rig.host.stats.held_bytes == 0
