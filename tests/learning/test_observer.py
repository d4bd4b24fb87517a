# SPDX-License-Identifier: Apache-2.0
"""Watching in the proxy's own place: everything passes as it came, and is counted."""

from sidecar.learning import Observer, Traffic, propose
from sidecar.learning.observer import BODY_LIMIT
from tests.fixtures.origin import Origin
from tests.learning.rig import kinds
from tests.proxy.rig import answer, chunked, get, post, serving, until

TYPE = b"Content-Type: application/json"


async def test_bytes_pass_as_they_came_and_are_counted(origin: Origin) -> None:
    traffic = Traffic()
    body = b'{ "email" : "ada@example.org",\n"balance": 1.10 }'
    origin.answer = answer(body, TYPE)
    async with serving(origin, Observer(traffic)) as rig:
        client = await rig.client()
        sent = post(b"/customers/C-1?x=%20", body, TYPE)
        got = await client.ask(sent)
        assert (got.status, got.body) == (200, body)
        assert origin.everything == sent
        await client.ask(chunked(b"/customers/C-2", body, lines=(TYPE,)))
        await client.ask(get(b"/customers/C-1"))
        await until(lambda: traffic.requests == 3)
    (rule,) = propose(traffic).rules
    assert rule.requests == 3
    assert rule.host == f"127.0.0.1:{origin.port}"
    assert kinds(rule) == {"email": "email"}


async def test_what_no_rule_could_take_passes_too(origin: Origin) -> None:
    """A target that enforcing rules would refuse, a format that nobody reads, broken JSON."""
    traffic = Traffic()
    async with serving(origin, Observer(traffic)) as rig:
        client = await rig.client()
        for data in (
            get(b"/a//../b;c"),
            post(b"/x", b"\x00\xff", b"Content-Type: application/x-strange"),
            post(b"/x", b"{", TYPE),
        ):
            assert (await client.ask(data)).status == 200
    assert len(origin.complete) == 3
    assert sum(traffic.unread.values()) == 1


async def test_a_long_body_passes_unobserved(origin: Origin) -> None:
    traffic = Traffic()
    body = b'{"email": "ada@example.org", "pad": "%b"}' % (b"x" * (BODY_LIMIT + 1))
    async with serving(origin, Observer(traffic)) as rig:
        client = await rig.client()
        for _ in range(3):
            assert (await client.ask(post(b"/x", body, TYPE))).status == 200
    assert [len(each.body) for each in origin.complete] == [len(body)] * 3
    assert propose(traffic).rules == ()


async def test_a_store_that_is_away_is_told_as_ever(origin: Origin) -> None:
    traffic = Traffic()
    async with serving(origin, Observer(traffic)) as rig:
        client = await rig.client()
        origin.stop_listening()
        got = await client.ask(get(b"/x"))
    assert got.status == 502
    assert b"upstream_failed" in got.body
