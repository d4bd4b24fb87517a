# SPDX-License-Identifier: Apache-2.0
"""Texts as JSON values and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.codecs.texts import to_lexeme, to_text
from sidecar.errors import CannotOpen, Malformed


@given(text=st.text())
def test_a_text_comes_back(text: str) -> None:
    assert to_text(to_lexeme(text.encode())) == text.encode()


def test_what_is_no_text_has_its_json_spelling() -> None:
    assert [to_text(lexeme) for lexeme in (b"null", b"1.10", b"true", b'{"a" : 1}')] == [
        b"", b"1.10", b"true", b'{"a" : 1}',
    ]  # fmt: skip


def test_what_is_not_unicode_is_refused() -> None:
    with pytest.raises(Malformed):
        to_lexeme(b"\xff")
    with pytest.raises(CannotOpen):
        to_text(rb'"\udc80"')
