# SPDX-License-Identifier: Apache-2.0
"""Lines are read each for itself, numbered together, and refused together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.codecs import Shape, build_shape
from sidecar.codecs.ndjson import CODEC
from sidecar.codecs.places import MAX_PLACES
from sidecar.errors import Malformed, TooLarge
from sidecar.fieldpath import FieldPath

SHAPE: Shape[str] = build_shape(
    [FieldPath(()), FieldPath.parse("$.doc")], [(FieldPath.parse("ssn"), "ssn")]
)
LINES = st.sampled_from(
    [b'{"ssn":1}', b'{ "ssn" : 2 }', b'{"doc":{"ssn":3},"ssn":4}', b"{}", b"", b" ", b'{"doc":{}}']
)


@given(lines=st.lists(st.tuples(LINES, st.sampled_from([b"\n", b"\r\n"]))), last=LINES)
def test_lines_and_their_ends_stay(lines: list[tuple[bytes, bytes]], last: bytes) -> None:
    body = b"".join(line + end for line, end in lines) + last
    reading = CODEC.read(body, SHAPE)
    assert reading.render() == body
    assert len(reading.sites) == body.count(b'"ssn"')
    rendered = reading.render([(site, b'"new"') for site in reading.sites])
    assert rendered.count(b'"new"') == body.count(b'"ssn"')
    assert rendered.count(b"\n") == body.count(b"\n")
    assert rendered.count(b"\r") == body.count(b"\r")


def test_a_site_knows_its_own_document() -> None:
    reading = CODEC.read(b'{"ssn":1}\n\n{"doc":{"ssn":2},"ssn":3}\n{"ssn":4}', SHAPE)
    assert reading.documents == 4
    numbers = {site.lexeme: site.document for site in reading.sites}
    assert len(set(numbers.values())) == 4
    edits = [(site, b"0") for site in reading.sites if site.lexeme == b"2"]
    assert reading.render(edits) == b'{"ssn":1}\n\n{"doc":{"ssn":0},"ssn":3}\n{"ssn":4}'


@pytest.mark.parametrize(
    "body", [b'{"ssn":1}\n{"ssn":', b'{}\n{"ssn":1}{"ssn":2}\n', b'{}\n{"ssn":1,\n"ssn":2}']
)
def test_one_bad_line_refuses_the_body_and_is_named(body: bytes) -> None:
    with pytest.raises(Malformed, match="line 2"):
        CODEC.read(body, SHAPE)


def test_misfits_of_all_lines_are_kept() -> None:
    reading = CODEC.read(b'{"doc":7}\n{}\n"text"\n', SHAPE)
    assert [misfit.path for misfit in reading.misfits] == ["doc", ""]


@pytest.mark.parametrize("line", [b"", b"{}", b'{"ssn":1}'])
def test_lines_are_bounded(line: bytes) -> None:
    with pytest.raises(TooLarge):
        CODEC.read((line + b"\n") * (MAX_PLACES + 1), SHAPE)


def test_what_stands_in_lines_is_bounded_for_all_together() -> None:
    shape: Shape[str] = build_shape([FieldPath.parse("$[*]")], [(FieldPath.parse("ssn"), "ssn")])
    line = b"[%b]\n" % b",".join([b'{"ssn":1}'] * 1000)
    with pytest.raises(TooLarge):
        CODEC.read(line * 20, shape)
