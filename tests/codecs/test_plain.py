# SPDX-License-Identifier: Apache-2.0
"""A whole body is one value and comes back byte for byte, whatever its bytes are."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.codecs import Shape, build_shape, find_codec
from sidecar.codecs.plain import WHOLE_CODEC
from sidecar.envelope import plaintext_to_lexeme, value_to_plaintext
from sidecar.errors import CannotOpen
from sidecar.fieldpath import FieldPath

ROOT = FieldPath(())
WHOLE: Shape[str] = build_shape((), (), [(ROOT, "$")])


@given(body=st.binary(min_size=1) | st.text(min_size=1).map(str.encode))
def test_every_body_comes_back(body: bytes) -> None:
    reading = WHOLE_CODEC.read(body, WHOLE)
    assert reading.render() is body
    (site,) = reading.sites
    lexeme = plaintext_to_lexeme(value_to_plaintext(site.lexeme))  # what is sealed, and opened
    sealed = WHOLE_CODEC.read(b"enc:1:x", WHOLE)
    assert sealed.render([(sealed.sites[0], lexeme)]) == body


@given(text=st.text())
def test_a_text_is_the_same_value_as_elsewhere(text: str) -> None:
    (site,) = WHOLE_CODEC.read(text.encode(), WHOLE).sites
    assert json.loads(site.lexeme) == text


def test_what_was_sealed_as_something_else_has_its_json_spelling() -> None:
    reading = WHOLE_CODEC.read(b"enc:1:x", WHOLE)
    assert reading.render([(reading.sites[0], b"[1, 2]")]) == b"[1, 2]"


def test_a_surrogate_that_stands_for_no_byte_is_refused() -> None:
    reading = WHOLE_CODEC.read(b"enc:1:x", WHOLE)
    with pytest.raises(CannotOpen):
        reading.render([(reading.sites[0], rb'"\ud800"')])


@pytest.mark.parametrize(
    ("body", "claims"),
    [
        (b"enc:1:x", 1),
        (b"\r\n enc:1:x", 1),
        (b"\xef\xbb\xbfenc:1:x", 1),
        ("\ufeffenc:1:x".encode("utf-16-le"), 1),
        ("\ufeffenc:1:x".encode("utf-16-be"), 1),
        (b"x enc:1:x", 0),
        (b"enc:x", 0),
        (b"", 0),
    ],
)
def test_one_that_claims_to_be_an_envelope_is_counted(body: bytes, claims: int) -> None:
    assert WHOLE_CODEC.read(body, WHOLE).claims == claims


def test_it_reads_nothing_that_is_not_asked_for_as_a_whole() -> None:
    assert find_codec("text/plain") is None
    assert find_codec("text/plain", is_whole=True) is WHOLE_CODEC
    assert find_codec("application/json", is_whole=True) is None
    shape: Shape[str] = build_shape([ROOT], [(FieldPath.parse("ssn"), "ssn")])
    assert len(WHOLE_CODEC.read(b"x", shape).misfits) == 1
