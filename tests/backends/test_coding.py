# SPDX-License-Identifier: Apache-2.0
"""Compressed bodies come out whole or not at all, and a bomb costs little of either."""

import gzip
import random
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from sidecar.backends.coding import (
    ALWAYS_ROOM,
    MAX_RATIO,
    MAX_STEPS,
    UnknownCoding,
    codings_of,
    decode,
)
from sidecar.errors import Malformed, TooLarge

LIMIT = 8 * 1024 * 1024
VARIED = random.Random(7).randbytes(200_000)


def raw_deflate(body: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(body) + stream.flush()


ENCODERS: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "gzip": (b"gzip", gzip.compress),
    "x-gzip": (b"x-gzip", gzip.compress),
    "deflate": (b"deflate", zlib.compress),
    "raw deflate": (b"deflate", raw_deflate),
    "br": (b"br", brotli.compress),
    "zstd": (b"zstd", zstandard.compress),
}


@pytest.fixture(params=ENCODERS.values(), ids=ENCODERS)
def coder(request: pytest.FixtureRequest) -> tuple[bytes, Callable[[bytes], bytes]]:
    found: tuple[bytes, Callable[[bytes], bytes]] = request.param
    return found


@pytest.mark.parametrize("body", [b"", b"x", VARIED, b'{"a":"%b"}' % (b"ab" * 2000)], ids=len)
def test_a_body_comes_back(coder: tuple[bytes, Callable[[bytes], bytes]], body: bytes) -> None:
    coding, encode = coder
    assert decode(encode(body), [coding], LIMIT) == body
    assert decode(gzip.compress(encode(body)), [coding, b"gzip"], LIMIT) == body


def test_every_member_and_frame_is_read() -> None:
    parts = [b"one", b"", VARIED, b"three"]
    for coding, encode in ((b"gzip", gzip.compress), (b"zstd", zstandard.compress)):
        assert decode(b"".join(map(encode, parts)), [coding], LIMIT) == b"".join(parts)


def test_what_is_cut_short_altered_or_longer_is_refused(
    coder: tuple[bytes, Callable[[bytes], bytes]],
) -> None:
    coding, encode = coder
    whole = encode(bytes(range(256)) * 9)
    for body in (whole[:-1], whole[:9], b"", whole + b"x", b"\0" * 9, b"plain text", whole[3:]):
        with pytest.raises(Malformed):
            decode(body, [coding], LIMIT)


def test_a_checksum_that_does_not_fit_is_refused() -> None:
    body = bytearray(gzip.compress(b"text"))
    body[-8] ^= 1
    with pytest.raises(Malformed):
        decode(bytes(body), [b"gzip"], LIMIT)


@given(body=st.binary(max_size=60), coding=st.sampled_from([b"gzip", b"deflate", b"br", b"zstd"]))
def test_nothing_else_is_raised(body: bytes, coding: bytes) -> None:
    try:
        decode(body, [coding], 1000)
    except (Malformed, TooLarge) as error:
        assert error.status < 500  # noqa: PT017 - the kinds are what is tested


def zstd_bomb(blocks: int) -> bytes:
    """Blocks of RLE (RFC 8878 §3.1.1.2.2): four bytes that become 128 KiB each."""
    block = ((128 * 1024 << 3) | 2).to_bytes(3, "little") + b"x"
    return b"\x28\xb5\x2f\xfd\x00\x58" + block * blocks + (11).to_bytes(3, "little") + b"x"


BOMBS = {
    "gzip": (b"gzip", lambda: gzip.compress(b"x" * (64 << 20), 9)),
    "deflate": (b"deflate", lambda: zlib.compress(b"x" * (64 << 20), 9)),
    "br": (b"br", lambda: brotli.compress(b"x" * (64 << 20), quality=5)),
    "zstd": (b"zstd", lambda: zstd_bomb(9999)),
    "gzip in gzip": (b"gzip, gzip", lambda: gzip.compress(gzip.compress(b"x" * (64 << 20)))),
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_bomb_costs_a_bounded_amount(bomb: tuple[bytes, Callable[[], bytes]]) -> None:
    codings = codings_of(((b"Content-Encoding", bomb[0]),))
    body = bomb[1]()
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            decode(body, codings, LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 2 * LIMIT
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("encode", [gzip.compress, zlib.compress, brotli.compress])
def test_the_ratio_counts_where_the_body_is_not_small(encode: Callable[[bytes], bytes]) -> None:
    coding = {gzip.compress: b"gzip", zlib.compress: b"deflate"}.get(encode, b"br")  # type: ignore[call-overload]
    small = encode(b"x" * ALWAYS_ROOM)
    assert len(small) * MAX_RATIO < ALWAYS_ROOM
    assert len(decode(small, [coding], LIMIT)) == ALWAYS_ROOM
    with pytest.raises(TooLarge):
        decode(encode(b"x" * (ALWAYS_ROOM + 1)), [coding], LIMIT)


def test_a_body_in_too_many_members_is_refused() -> None:
    for coding, encode in ((b"gzip", gzip.compress), (b"zstd", zstandard.compress)):
        with pytest.raises(TooLarge):
            decode(encode(b"") * (MAX_STEPS + 1), [coding], LIMIT)


def test_a_window_of_zstd_that_takes_too_much_memory_is_refused() -> None:
    body = bytearray(zstd_bomb(1))
    body[5] = (27 - 10) << 3  # RFC 8878 §3.1.1.1.2: 128 MiB
    with pytest.raises(Malformed):
        decode(bytes(body), [b"zstd"], LIMIT)


@pytest.mark.parametrize(
    ("values", "codings"),
    [
        ([], []),
        ([b"identity"], []),
        ([b" Identity , ", b""], []),
        ([b"GZIP"], [b"gzip"]),
        ([b"br", b"identity, x-gzip"], [b"br", b"x-gzip"]),
    ],
)
def test_codings_stand_in_the_order_of_their_use(values: list[bytes], codings: list[bytes]) -> None:
    assert codings_of(tuple((b"content-ENCODING", value) for value in values)) == codings


@pytest.mark.parametrize("value", [b"compress", b"aws-chunked", b"gzip;q=1", b"br,br,br", b"\xff"])
def test_another_coding_or_too_many_are_not_known(value: bytes) -> None:
    with pytest.raises(UnknownCoding):
        codings_of(((b"Content-Encoding", value),))
