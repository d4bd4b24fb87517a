# SPDX-License-Identifier: Apache-2.0
"""Readers: the same messages come out however their bytes came in."""

from collections.abc import Iterator

import httptools
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.errors import Malformed
from sidecar.proxy.layers.http1.grammar import read_request
from sidecar.proxy.layers.http1.reader import MessageReader, answer_reader, request_reader

REQUESTS = [
    b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    (
        b"POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"1\r\nh\r\n4;x=y\r\nello\r\n0\r\nX-Sum: 5\r\n\r\n"
    ),
    b"GET /d HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
    b"POST /e HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: x\r\nContent-Length: 5\r\n\r\nhello",
    b"GET /f HTTP/1.0\r\n\r\n",
]
PAYLOADS = [b"", b"hello", b"hello", b"", b"hello", b""]
ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n",
]


def cuts(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    at = 0
    for size in sizes:
        yield data[at : at + size]
        at += size
    yield data[at:]


def read_all[Of](
    reader: MessageReader[Of], of: Of, pieces: Iterator[bytes]
) -> list[tuple[bytes, bytes]]:
    """Every message as it was on the wire, and its decoded body."""
    found: list[tuple[bytes, bytes]] = []
    raw = b""
    payload: bytearray | None = None
    for piece in pieces:
        reader.feed(piece)
        while True:
            if payload is None:
                frame = reader.read_head(of)
                if frame is None:
                    break
                raw, payload = frame.raw, reader.hold_payload()
            raw += reader.read_body()
            if not reader.done:
                break
            found.append((raw, bytes(payload)))
            payload = None
    return found


@given(st.lists(st.integers(0, 40), max_size=30))
@settings(max_examples=150)
def test_requests_are_the_same_however_they_are_cut(sizes: list[int]) -> None:
    reader = request_reader(1024, 16)
    found = read_all(reader, "origin", cuts(b"".join(REQUESTS), sizes))
    assert found == list(zip(REQUESTS, PAYLOADS, strict=True))
    assert not reader.waiting


@given(st.lists(st.integers(0, 40), max_size=30))
@settings(max_examples=150)
def test_answers_are_the_same_however_they_are_cut(sizes: list[int]) -> None:
    found = read_all(answer_reader(1024, 16), b"GET", cuts(b"".join(ANSWERS), sizes))
    assert [raw for raw, _ in found] == ANSWERS


@pytest.mark.parametrize(("raw", "payload"), list(zip(REQUESTS, PAYLOADS, strict=True)))
def test_each_request_a_byte_at_a_time_and_with_bytes_to_spare(raw: bytes, payload: bytes) -> None:
    reader = request_reader(1024, 16)
    assert read_all(reader, "origin", cuts(raw, [1] * len(raw))) == [(raw, payload)]
    reader = request_reader(1024, 16)
    assert read_all(reader, "origin", iter([raw + b"GET"])) == [(raw, payload)]
    assert reader.take_rest() == b"GET"


@given(st.binary(max_size=60), st.integers(0, len(b"".join(REQUESTS))))
@settings(max_examples=300)
def test_noise_is_malformed_or_waited_for_and_nothing_else(noise: bytes, at: int) -> None:
    data = b"".join(REQUESTS)
    for reader, of in ((request_reader(1024, 16), "origin"), (answer_reader(1024, 16), b"GET")):
        try:
            found = read_all(reader, of, iter([data[:at] + noise + data[at:]]))
        except Malformed:
            continue
        else:
            assert b"".join(raw for raw, _ in found) in data[:at] + noise + data[at:]


@pytest.mark.parametrize("of", [1, 3])
def test_a_head_is_bounded_in_bytes_and_fields(of: int) -> None:
    for head in (b"GET / HTTP/1.1\r\nX: " + b"x" * 1024, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 18):
        reader = request_reader(1024, 16)
        pieces = [head[n : n + of] for n in range(0, len(head), of)]
        with pytest.raises(Malformed):
            read_all(reader, "origin", iter([*pieces, b"\r\n"]))


@pytest.mark.parametrize(("length", "is_kept"), [(10, True), (4000, False)])
def test_a_head_that_comes_again_is_known_where_it_is_short_and_else_not_kept(
    length: int, *, is_kept: bool
) -> None:
    reader = answer_reader(8192, 10)
    raw = b"HTTP/1.1 204 No Content\r\nX: %b\r\n\r\n" % (b"x" * length)
    heads = []
    for _ in range(2):
        reader.feed(raw)
        heads.append(reader.read_head(b"GET"))
    assert heads[0] is not None
    assert heads[1] is not None
    assert (heads[1] is heads[0]) is is_kept
    assert heads[1].headers == heads[0].headers


def test_a_body_of_single_bytes_is_gathered_in_one_place() -> None:
    reader = request_reader(1024, 16)
    reader.feed(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert reader.read_head("origin") is not None
    payload = reader.hold_payload()
    reader.feed(b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n")
    reader.read_body()
    assert reader.done
    assert payload == b"x" * 50_000


def test_what_is_not_held_is_not_gathered() -> None:
    reader = request_reader(1024, 16)
    reader.feed(REQUESTS[2])
    assert reader.read_head("origin") is not None
    payload = reader.hold_payload()
    reader.drop_payload()
    reader.read_body()
    assert not payload


def test_an_answer_to_head_has_no_body_whatever_it_says() -> None:
    reader = answer_reader(1024, 16)
    reader.feed(ANSWERS[0][:-5] + ANSWERS[0])
    first = reader.read_head(b"HEAD")
    assert first is not None
    assert reader.done
    second = reader.read_head(b"GET")
    assert second is not None
    assert reader.read_body() == b"hello"


def test_an_answer_without_a_length_ends_with_the_connection() -> None:
    reader = answer_reader(1024, 16)
    reader.feed(b"HTTP/1.1 200 OK\r\n\r\nsome")
    frame = reader.read_head(b"GET")
    assert frame is not None
    assert not frame.keep_alive
    assert (reader.read_body(), reader.done) == (b"some", False)
    assert reader.end()


@pytest.mark.parametrize("raw", [ANSWERS[0][:-1], ANSWERS[4][:-2]])
def test_an_answer_with_a_length_does_not_end_with_the_connection(raw: bytes) -> None:
    reader = answer_reader(1024, 16)
    reader.feed(raw)
    reader.read_head(b"GET")
    reader.read_body()
    assert not reader.end()


class Misled:
    """An llhttp that reads another length than ours."""

    def __init__(self, witness: object) -> None:
        self._parser = httptools.HttpRequestParser(witness)

    def feed_data(self, data: bytes) -> None:
        self._parser.feed_data(data.replace(b"Content-Length: 21", b"Content-Length: 01"))


@pytest.mark.parametrize(
    "body",
    [
        b"xGET / HTTP/1.0\r\n\r\n\r\n",  # a second message
        b"xGET / HTTP/1.1\r\nHos",  # a half one
        b"x" + b"\r\n" * 10,  # what may stand between messages
        b"x" * 21,
    ],
)
@pytest.mark.parametrize("split", [False, True])
def test_two_parsers_that_disagree_on_a_length_are_found_out_whatever_is_in_the_body(
    body: bytes, *, split: bool
) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 21\r\n\r\n"
    pieces = [head, body[:10], body[10:]] if split else [head + body]
    with pytest.raises(Malformed):
        read_all(MessageReader(1024, 16, read_request, Misled), "origin", iter(pieces))
