# SPDX-License-Identifier: Apache-2.0
"""Heads: what a good one says; the bad ones stand in `test_smuggling.py`, on a real connection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.errors import Malformed
from sidecar.proxy.layers.http1.grammar import (
    Frame,
    check_trailers,
    cut_fields,
    read_request,
    read_response,
)
from tests.proxy.test_smuggling import REFUSED


def request(*lines: bytes, minor: int = 1) -> Frame:
    return read_request(b"\r\n".join((b"GET /a?b HTTP/1.%d" % minor, b"Host: h", *lines, b"", b"")))


def response(status: bytes, *lines: bytes, method: bytes = b"GET", minor: int = 1) -> Frame:
    raw = b"\r\n".join((b"HTTP/1.%d %b" % (minor, status), *lines, b"", b""))
    return read_response(raw, method)


def test_a_request_says_what_it_is() -> None:
    frame = request(b"X-A:  b \t", b"x-a:", b"Upgrade: a", b"Upgrade: b", b"Expect: 100-Continue")
    assert (frame.method, frame.target, frame.host) == (b"GET", b"/a?b", b"h")
    assert frame.headers[1:3] == ((b"X-A", b"b"), (b"x-a", b""))
    assert (frame.length, frame.chunked, frame.expects) == (0, False, True)
    assert frame.upgrade == b"a, b"


@pytest.mark.parametrize(
    ("lines", "minor", "expected"),
    [
        ((), 1, True),
        ((b"Connection: close",), 1, False),
        ((b"Connection: x, CLOSE",), 1, False),
        ((b"Connection: x", b"Connection: close"), 1, False),
        ((), 0, False),
        ((b"Connection: Keep-Alive",), 0, True),
        ((b"Connection: keep-alive, close",), 0, False),
    ],
)
def test_who_keeps_a_connection(lines: tuple[bytes, ...], minor: int, *, expected: bool) -> None:
    assert request(*lines, minor=minor).keep_alive is expected
    assert response(b"204 No", *lines, minor=minor).keep_alive is expected


@pytest.mark.parametrize(
    ("status", "lines", "length", "chunked", "keep_alive"),
    [
        (b"200 OK", (b"Content-Length: 7",), 7, False, True),
        (b"200 OK", (b"Transfer-Encoding: chunked",), None, True, True),
        (b"200 OK", (), None, False, False),
        (b"204 No", (b"Content-Length: 7",), 0, False, True),
        (b"304 No", (b"Transfer-Encoding: chunked",), 0, False, True),
        (b"103 Hi", (), 0, False, True),
    ],
)
def test_where_an_answer_ends(
    status: bytes, lines: tuple[bytes, ...], length: int | None, *, chunked: bool, keep_alive: bool
) -> None:
    frame = response(status, *lines)
    assert (frame.length, frame.chunked, frame.keep_alive) == (length, chunked, keep_alive)
    bare = response(status, *lines, method=b"HEAD")
    assert (bare.length, bare.chunked) == (0, False)


BOUNDED_BY_THE_READER = {"an endless head", "endless fields"}


@pytest.mark.parametrize("name", sorted(REFUSED.keys() - BOUNDED_BY_THE_READER))
def test_it_needs_no_second_parser_to_refuse_what_can_be_read_in_two_ways(name: str) -> None:
    head, end, _ = REFUSED[name].replace(b"%b", b"held").partition(b"\r\n\r\n")
    with pytest.raises(Malformed):
        read_request(head + end)


def test_a_reason_may_be_missing() -> None:
    assert response(b"200").head.reason == response(b"200 ").head.reason == b""


def test_trailers_may_not_change_how_the_message_is_read() -> None:
    check_trailers(b"\r\n")
    check_trailers(b"X-Sum: 1\r\nETag: x\r\n\r\n")
    for line in (b"Content-Length: 1", b"HOST: x", b"Content-Encoding: gzip", b"no colon"):
        with pytest.raises(Malformed):
            check_trailers(line + b"\r\n\r\n")


def test_no_message_names_a_received_byte() -> None:
    with pytest.raises(Malformed) as refused:
        request(b"X: sec\x00ret")
    assert "sec" not in refused.value.why


@given(
    st.lists(
        st.tuples(st.text("ab-", min_size=1, max_size=4), st.text("a: \t\x80~", max_size=8)),
        max_size=4,
    )
)
def test_fields_are_cut_at_their_first_colon_and_lose_the_space_around_them(
    lines: list[tuple[str, str]],
) -> None:
    block = "".join(f"{name}:{value}\r\n" for name, value in lines).encode("latin-1")
    assert cut_fields(block) == tuple(
        (name.encode(), value.strip(" \t").encode("latin-1")) for name, value in lines
    )
