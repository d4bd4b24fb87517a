# SPDX-License-Identifier: Apache-2.0
"""Kinds and lengths, and never a value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.envelope import seal, seal_equal, to_text
from sidecar.rehearsal.shapes import describe, find_kind

SEALED = to_text(seal(1, bytes(32), b"edk", b"place", bytes(24), b"value"))
SEARCHABLE = to_text(seal_equal(bytes(32), bytes(8), b"place", b"value"))


@pytest.mark.parametrize(
    ("lexeme", "words"),
    [
        (b'"caf\\u00e9"', "a text of 4 characters"),
        (rb'"\udcff\ud800a"', "a text of 3 characters"),
        (b'"x"', "a text of 1 character"),
        (b"-1.50", "a number of 5 characters"),
        (b"7", "a number of 1 character"),
        (b"true", "a boolean"),
        (b"false", "a boolean"),
        (b"null", "null"),
        (b'{"a":1}', "an object of 7 bytes"),
        (b"[1]", "a list of 3 bytes"),
        (f'"{SEALED}"'.encode(), f"enc:1:… of {len(SEALED)} characters"),
        (
            f'"{SEARCHABLE}"'.encode(),
            f"enc:1:… of {len(SEARCHABLE)} characters, alike for equal values",
        ),
        (b'"enc:1:xyz"', "a text of 9 characters"),
    ],
)
def test_a_value_is_told_by_its_kind(lexeme: bytes, words: str) -> None:
    assert describe(lexeme) == words


@given(st.text(alphabet="0123456789xyzäöü", min_size=5))
def test_no_value_is_told(text: str) -> None:
    assert text not in describe(f'"{text}"'.encode())


def test_kinds_of_texts() -> None:
    assert (find_kind(SEALED), find_kind(SEARCHABLE)) == ("sealed", "searchable")
    assert find_kind("enc:1:xyz") is None
    assert find_kind("plain") is None
