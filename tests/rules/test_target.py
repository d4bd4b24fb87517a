# SPDX-License-Identifier: Apache-2.0
"""Targets are read in one way, and the quick way reads as the careful one does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.errors import Malformed
from sidecar.rules.target import _read_path, read_target


@pytest.mark.parametrize(
    ("target", "segments", "query"),
    [
        (b"/", [], b""),
        (b"/a", ["a"], b""),
        (b"/a/", ["a"], b""),
        (b"/a/b?", ["a", "b"], b""),
        (b"/a?b=/c?d", ["a"], b"b=/c?d"),
        (b"/a%20b/%E5%AE%A2", ["a b", "客"], b""),
        (b"/a.b/..c/...d", ["a.b", "..c", "...d"], b""),
        (b"/100%25/50%25off", ["100%", "50%off"], b""),
    ],
)
def test_a_target_has_segments_and_a_query(
    target: bytes, segments: list[str], query: bytes
) -> None:
    assert read_target(target) == (segments, query)


@given(st.from_regex(rb"/[A-Za-z0-9._~!$&'()*+,=:@/-]{0,12}", fullmatch=True))
def test_the_quick_way_reads_as_the_careful_one(path: bytes) -> None:
    try:
        expected = _read_path(path)
    except Malformed:
        with pytest.raises(Malformed):
            read_target(path)
    else:
        assert read_target(path)[0] == expected


@pytest.mark.parametrize(
    "target", [b"/...", b"/a/%20", b"/a/.%20.", b"/a/%E2%80%A5", b"/a/%E3%80%80"]
)
def test_segments_of_dots_and_spaces_alone_are_refused(target: bytes) -> None:
    with pytest.raises(Malformed):
        read_target(target)
