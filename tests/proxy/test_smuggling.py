# SPDX-License-Identifier: Apache-2.0
"""Requests that two parsers may read differently (RFC 9112 §11.2): refused, never repaired.

Every case ends with a second request inside the first, `/smuggled`. It may be answered 400, or be
read by the store in the very way in which the proxy read it; the store reads with h11.
"""

import pytest

from tests.fixtures.origin import Origin
from tests.proxy.rig import CutShortError, get, serving

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


def head(*lines: bytes, first: bytes = b"POST /%b HTTP/1.1") -> bytes:
    return b"\r\n".join((first, *lines, b"", b""))


HOST = b"Host: a"
CHUNKED = b"Transfer-Encoding: chunked"
LENGTH = b"Content-Length: 5"
BODY = b"0\r\n\r\n"

REFUSED = {
    "CL.TE": head(HOST, b"Content-Length: 6", CHUNKED) + BODY + b"G",
    "TE.CL": head(HOST, CHUNKED, b"Content-Length: 4") + b"5c\r\n" + SMUGGLED + BODY,
    "TE.TE": head(HOST, CHUNKED, b"Transfer-Encoding: x") + BODY,
    "TE twice": head(HOST, CHUNKED, CHUNKED) + BODY,
    "TE listed": head(HOST, b"Transfer-Encoding: chunked, chunked") + BODY,
    "TE last": head(HOST, b"Transfer-Encoding: gzip, chunked") + BODY,
    "TE first": head(HOST, b"Transfer-Encoding: chunked, identity") + BODY,
    "TE identity": head(HOST, b"Transfer-Encoding: identity", LENGTH) + BODY,
    "TE quoted": head(HOST, b'Transfer-Encoding: "chunked"') + BODY,
    "TE with a parameter": head(HOST, b"Transfer-Encoding: chunked;q=1") + BODY,
    "TE with a vertical tab": head(HOST, b"Transfer-Encoding: \x0bchunked") + BODY,
    "TE with NUL": head(HOST, b"Transfer-Encoding: chunked\x00") + BODY,
    "TE empty": head(HOST, b"Transfer-Encoding:") + BODY,
    "TE folded": head(HOST, b"Transfer-Encoding:\r\n chunked") + BODY,
    "TE in HTTP/1.0": head(HOST, CHUNKED, first=b"POST /%b HTTP/1.0") + BODY,
    "TE with space before its colon": head(HOST, b"Transfer-Encoding : chunked") + BODY,
    "TE with a line before it": head(HOST, b" Transfer-Encoding: chunked") + BODY,
    "TE with a bare CR": head(HOST, b"X: y\rTransfer-Encoding: chunked") + BODY,
    "TE after a bare LF": head(HOST, b"X: y\nTransfer-Encoding: chunked") + BODY,
    "TE named by Connection": head(HOST, CHUNKED, b"Connection: transfer-encoding") + BODY,
    "CL named by Connection": head(HOST, LENGTH, b"Connection: close, Content-Length") + BODY,
    "CL twice": head(HOST, LENGTH, b"Content-Length: 0") + BODY,
    "CL twice the same": head(HOST, LENGTH, LENGTH) + BODY,
    "CL listed": head(HOST, b"Content-Length: 5, 5") + BODY,
    "CL with a sign": head(HOST, b"Content-Length: +5") + BODY,
    "CL negative": head(HOST, b"Content-Length: -5") + BODY,
    "CL in hex": head(HOST, b"Content-Length: 0x5") + BODY,
    "CL with an underscore": head(HOST, b"Content-Length: 1_0") + BODY,
    "CL in a float": head(HOST, b"Content-Length: 5.0") + BODY,
    "CL in other digits": head(HOST, "Content-Length: \u0665".encode()) + BODY,
    "CL oversized": head(HOST, b"Content-Length: 99999999999999999999") + BODY,
    "CL of 64 bits and a bit": head(HOST, b"Content-Length: 18446744073709551621") + BODY,
    "CL empty": head(HOST, b"Content-Length:") + BODY,
    "CL with space inside": head(HOST, b"Content-Length: 5 5") + BODY,
    "CL with NUL": head(HOST, b"Content-Length: 5\x00") + BODY,
    "CL with space before its colon": head(HOST, b"Content-Length : 5") + BODY,
    "obs-fold": head(HOST, b"X: a\r\n b"),
    "obs-fold at once": head(b" Host: a"),
    "bare CR": head(HOST, b"X: a\rb"),
    "bare LF": head(HOST, b"X: a\nY: b"),
    "only LF": head(HOST).replace(b"\r\n", b"\n") + b"\r\n\r\n",
    "CR CR LF": head(HOST + b"\r"),
    "NUL in a value": head(HOST, b"X: a\x00b"),
    "NUL in a name": head(HOST, b"X\x00: a"),
    "no colon": head(HOST, b"X"),
    "no name": head(HOST, b": a"),
    "odd name": head(HOST, b"X Y: a"),
    "latin name": head(HOST, b"\xe9: a"),
    "two hosts": head(HOST, b"Host: b"),
    "the same host twice": head(HOST, HOST),
    "no host": head(),
    "host with a path": head(b"Host: a/b"),
    "host with a user": head(b"Host: a@b"),
    "host with two": head(b"Host: a, b"),
    "host with a space": head(b"Host: a b"),
    "absolute form": head(HOST, first=b"GET http://b/%b HTTP/1.1"),
    "authority form": head(HOST, first=b"CONNECT b:80 HTTP/1.1"),
    "CONNECT in disguise": head(HOST, first=b"CONNECT * HTTP/1.1"),
    "asterisk form": head(HOST, first=b"GET * HTTP/1.1"),
    "a target with a fragment": head(HOST, first=b"GET /%b#x HTTP/1.1"),
    "a target with a space": head(HOST, first=b"GET /%b x HTTP/1.1"),
    "a target with NUL": head(HOST, first=b"GET /%b\x00 HTTP/1.1"),
    "a target with a tab": head(HOST, first=b"GET /%b\t HTTP/1.1"),
    "a raw target": head(HOST, first=b"GET /%b\xe9 HTTP/1.1"),
    "two spaces": head(HOST, first=b"GET  /%b HTTP/1.1"),
    "a tab for a space": head(HOST, first=b"GET\t/%b HTTP/1.1"),
    "space before": head(HOST, first=b" GET /%b HTTP/1.1"),
    "an empty line before": b"\r\n" + head(HOST),
    "space after": head(HOST, first=b"GET /%b HTTP/1.1 "),
    "no version": head(HOST, first=b"GET /%b"),
    "HTTP/0.9": head(HOST, first=b"GET /%b HTTP/0.9"),
    "HTTP/1.2": head(HOST, first=b"GET /%b HTTP/1.2"),
    "HTTP/1.10": head(HOST, first=b"GET /%b HTTP/1.10"),
    "http/1.1": head(HOST, first=b"GET /%b http/1.1"),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": bytes.fromhex("16030100c8010000c40303"),
    "another protocol": b"\x00\x00\x00\x08\x04\xd2\x16\x2f",
    "a method with a colon": head(HOST, first=b"GE:T /%b HTTP/1.1"),
    "other expectations": head(HOST, LENGTH, b"Expect: 200-ok") + BODY,
    "an endless head": head(HOST, b"X: " + b"x" * 70_000),
    "endless fields": head(HOST, *(b"X: %d" % n for n in range(300))),
}
CHUNKS = {
    "size with a sign": b"+5\r\nhello\r\n",
    "negative size": b"-5\r\nhello\r\n",
    "size in 0x": b"0x5\r\nhello\r\n",
    "size with space before": b" 5\r\nhello\r\n",
    "size with space after": b"5 \r\nhello\r\n",
    "size with a tab": b"5\t\r\nhello\r\n",
    "size with an underscore": b"0_5\r\nhello\r\n",
    "no size": b"\r\nhello\r\n",
    "oversized": b"fffffffffffffffff\r\nhello\r\n",
    "size of 64 bits and a bit": b"10000000000000005\r\nhello\r\n",
    "nine digits": b"000000005\r\nhello\r\n",
    "too long a chunk": b"5\r\nhello!\r\n",
    "too short a chunk": b"5\r\nhell\r\n0\r\n\r\n",
    "LF after its size": b"5\nhello\r\n",
    "LF after its data": b"5\r\nhello\n",
    "CR after its data": b"5\r\nhello\r",
    "bare CR in an extension": b"5;a\rb\r\nhello\r\n",
    "LF in an extension": b"5;a\nb\r\nhello\r\n",
    "empty extension": b"5;\r\nhello\r\n",
    "extension with space": b"5; a=b\r\nhello\r\n",
    "extension with an open quote": b'5;a="b\r\nhello\r\n',
    "extension with a quoted line": b'5;a="\r\n\r\n"\r\nhello\r\n',
    "extension without end": b"5;" + b"a" * 5000 + b"\r\nhello\r\n",
    "NUL": b"5\x00\r\nhello\r\n",
    "a length in the trailers": b"0\r\nContent-Length: 5\r\n\r\n",
    "a coding in the trailers": b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a folded trailer": b"0\r\nX: a\r\n b\r\n\r\n",
    "a trailer with a bare LF": b"0\r\nX: a\nY: b\r\n\r\n",
    "endless trailers": b"0\r\n" + b"X: y\r\n" * 20_000,
}
PASSES = {
    "odd case": (head(HOST, b"TRANSFER-encoding: CHUNKED") + BODY, 1),
    "spaces around": (head(b"hOsT:\t a \t", b"Content-Length:   5\t") + b"hello", 1),
    "many zeros": (head(HOST, b"Content-Length: 000005") + b"hello", 1),
    "no body": (head(HOST), 1),
    "two in one": (head(HOST) + get(b"/second"), 2),
    "a length, then another": (head(HOST, LENGTH) + b"hello" + get(b"/second"), 2),
    "a request as a body": (head(HOST, b"Content-Length: 37") + SMUGGLED + b"xx", 1),
    "a request as a chunk": (head(HOST, CHUNKED) + b"23\r\n" + SMUGGLED + b"\r\n" + BODY, 1),
    "an extension": (head(HOST, CHUNKED) + b'5;a=b;c="d e"\r\nhello\r\n' + BODY, 1),
    "a trailer": (head(HOST, CHUNKED) + b"0\r\nX: y\r\n\r\n", 1),
    "high bytes in a value": (head(HOST, b"X: \xe9\xff"), 1),
    "an empty value": (head(HOST, b"X:"), 1),
    "a length for GET": (head(HOST, LENGTH, first=b"GET /%b HTTP/1.1") + b"hello", 1),
    "OPTIONS *": (head(HOST, first=b"OPTIONS * HTTP/1.1"), 1),
}


@pytest.mark.parametrize("target", [b"plain", b"held"])
@pytest.mark.parametrize("name", REFUSED)
async def test_what_can_be_read_in_two_ways_is_refused(
    origin: Origin, name: str, target: bytes
) -> None:
    async with serving(origin) as rig:
        client = await rig.client()
        await client.send(REFUSED[name].replace(b"%b", target) + SMUGGLED)
        found = await client.answer()
        assert (found.status, found.body) == (400, b"malformed")
        assert await client.rest() == b""
    assert not origin.received


@pytest.mark.parametrize("target", [b"plain", b"held"])
@pytest.mark.parametrize("name", CHUNKS)
async def test_a_chunked_body_that_can_be_read_in_two_ways_is_refused(
    origin: Origin, name: str, target: bytes
) -> None:
    async with serving(origin) as rig:
        client = await rig.client()
        request = head(HOST, CHUNKED).replace(b"%b", target)
        found = await client.ask(request + CHUNKS[name] + BODY + SMUGGLED)
        assert found.status == 400
    assert not origin.complete
    assert target != b"held" or not origin.received


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize("name", CHUNKS)
async def test_a_bad_chunk_late_in_a_stream_ends_it_without_an_end(
    origin: Origin, name: str, *, split: bool
) -> None:
    """The beginning is at the store by then; it must not come to look like a whole request."""
    async with serving(origin) as rig:
        client = await rig.client()
        good = head(HOST, CHUNKED).replace(b"%b", b"plain") + b"5\r\nhello\r\n"
        await client.send(good)
        while not origin.requests:
            await rig.pause()
        bad = CHUNKS[name] + SMUGGLED
        try:
            for n in range(100 if split else 0):
                await client.send(bad[n : n + 1])
            await client.send(bad[100:] if split else bad)
            assert (await client.answer()).status == 400
        except (CutShortError, ConnectionError):
            assert not origin.complete
    assert not origin.complete


@pytest.mark.parametrize("target", [b"plain", b"held"])
@pytest.mark.parametrize("name", PASSES)
async def test_what_passes_is_read_alike_by_all(origin: Origin, name: str, target: bytes) -> None:
    raw, count = PASSES[name]
    raw = raw.replace(b"%b", target)
    async with serving(origin) as rig:
        client = await rig.client()
        await client.send(raw)
        for _ in range(count):
            assert (await client.answer()).status == 200
        assert (await client.ask(get(b"/last"))).status == 200
    assert not origin.misread
    assert len(origin.complete) == count + 1
    assert origin.complete[-1].target == b"/last"
    assert b"/smuggled" not in [request.target for request in origin.complete]
    assert target == b"held" or origin.everything == raw + get(b"/last")
