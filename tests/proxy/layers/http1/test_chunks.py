# SPDX-License-Identifier: Apache-2.0
"""Where a chunked body ends, whatever the pieces; the bad ones stand in `test_smuggling.py`."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.errors import Malformed
from sidecar.proxy.layers.http1.chunks import ChunkScanner


def scan(data: bytes, sizes: list[int]) -> tuple[int, bool]:
    """How far the body reaches when it comes in pieces of `sizes`, and whether it ends."""
    scanner = ChunkScanner(1024)
    passed = came = 0
    for size in [*sizes, len(data)]:
        came = min(len(data), came + size)
        passed += scanner.scan(data[passed:came])
    return passed, scanner.done


@given(
    st.lists(st.binary(min_size=1, max_size=40), max_size=6),
    st.lists(st.integers(0, 9), max_size=40),
    st.binary(max_size=20),
)
@settings(max_examples=200)
def test_a_body_ends_where_it_was_made_to_end(
    chunks: list[bytes], sizes: list[int], after: bytes
) -> None:
    body = b"".join(b"%X\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    assert scan(body + after, sizes) == (len(body), True)
    assert scan(body[:-1], sizes)[1] is False


@given(st.binary(max_size=60), st.lists(st.integers(0, 9), max_size=20))
@settings(max_examples=300)
def test_how_it_is_cut_does_not_matter_for_nonsense_either(data: bytes, sizes: list[int]) -> None:
    def outcome(sizes: list[int]) -> object:
        try:
            return scan(data, sizes)
        except Malformed as error:
            return error.why

    assert outcome(sizes) == outcome([])
