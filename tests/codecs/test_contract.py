# SPDX-License-Identifier: Apache-2.0
"""What every codec promises, run on each that is found; a new one adds its samples here."""

from codecs import BOM_UTF8
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.codecs import CODECS, Codec, Shape, build_shape, find_codec
from sidecar.errors import Malformed, Refused
from sidecar.fieldpath import FieldPath
from sidecar.rules import Documents

TAGS = [(FieldPath.parse(path), path) for path in ("ssn", "cards[*].no")]
SHAPE: Shape[str] = build_shape(Documents().request, TAGS)
WARY: Shape[str] = build_shape(Documents().request, TAGS, wary=True)


class Sample(NamedTuple):
    """A body, the lexemes of its sites in order, and the body with each of them replaced by `0`."""

    body: bytes
    lexemes: list[bytes]
    replaced: bytes


PART = b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n'
JSON_PART = (
    b"--b\r\nContent-Type: application/json\r\nContent-Disposition: form-data; name=cards\r\n\r\n"
)
PARAMETERS = {"multipart": {"boundary": "b"}}
SAMPLES = {
    "json": [
        Sample(
            b' {"ssn" : "1", "n": 1.10, "cards": [ {"no":"4"}, {"no": [5] } ]}\n',
            [b'"1"', b'"4"', b"[5]"],
            b' {"ssn":0,"n":1.10,"cards":[{"no":0},{"no":0}]}\n',
        ),
        Sample(b'{"n" : 1.10}', [], b'{"n" : 1.10}'),
    ],
    "ndjson": [
        Sample(
            b'{"ssn":"1"}\r\n\n{"n" : 1}\n  \t\n {"cards": [{"no":7}]} ',
            [b'"1"', b"7"],
            b'{"ssn":0}\r\n\n{"n" : 1}\n  \t\n {"cards":[{"no":0}]} ',
        ),
        Sample(b"", [], b""),
    ],
}
SAMPLES |= {
    "form": [
        Sample(
            b"a=%2f&ss%6e=1+%22&c&d=%e9&=&x=y=z",
            [rb'"1 \""'],
            b"a=%2f&ss%6e=0&c&d=%e9&=&x=y=z",
        ),
        Sample(b"a=1&&", [], b"a=1&&"),
        Sample(b"", [], b""),
    ],
    "csv": [
        Sample(
            b'id,"ssn",n\r\n"1","a ""b""",x\n\n2,,\r\n3,"",\n4,z,"\r\n"',
            [rb'"a \"b\""', b"null", b'""', b'"z"'],
            b'id,"ssn",n\r\n"1","0",x\n\n2,0,\r\n3,"0",\n4,0,"\r\n"',
        ),
        Sample(b"id,ssn\n", [], b"id,ssn\n"),
        Sample(b"", [], b""),
    ],
    "multipart": [
        Sample(
            b"\r\n" + PART % b"ssn" + b"1\r\n\r\n" + PART % b"x" + b"\xff\0\r\n" + JSON_PART
            + b' [{"no": 4}]\r\n--b--\r\n',
            [rb'"1\r\n"', b"4"],
            b"\r\n" + PART % b"ssn" + b"0\r\n" + PART % b"x" + b"\xff\0\r\n" + JSON_PART
            + b' [{"no":0}]\r\n--b--\r\n',
        ),
        Sample(b"--b--", [], b"--b--"),
    ],
    "merge_patch": [
        Sample(
            b' {"ssn" : "1", "n":1.10, "cards": [ {"no":"4"}, {"no": null } ]}\n',
            [b'"1"', b'"4"', b"null"],
            b' {"ssn":0,"n":1.10,"cards":[{"no":0},{"no":0}]}\n',
        ),
        Sample(b'{"ssn" : null}', [], b'{"ssn" : null}'),
    ],
    "xml": [
        Sample(
            b"<?xml version='1.0'?>\n<c n='1'>\r\n<ssn\t>&lt;1</ssn ><cards><no/></cards></c>\n",
            [b'"<1"', b'""'],
            b"<?xml version='1.0'?>\n<c n='1'>\r\n<ssn\t>0</ssn ><cards><no>0</no></cards></c>\n",
        ),
        Sample(b"<c><n>&amp;</n ><m  /></c>", [], b"<c><n>&amp;</n ><m  /></c>"),
    ],
    "json_patch": [
        Sample(
            b'[{"op":"add" , "path":"/ssn","value": "1"}, {"op":"test","path":"/n","value":1.10},'
            b'{"op":"replace","path":"/cards/0","value":{"no" : 4}}]\n',
            [b'"1"', b"4"],
            b'[{"op":"add","path":"/ssn","value":0},{"op":"test","path":"/n","value":1.10},'
            b'{"op":"replace","path":"/cards/0","value":{"no":0}}]\n',
        ),
        Sample(b"[ ]", [], b"[ ]"),
    ],
}  # fmt: skip
UNREADABLE = {
    "json": [b"", b"{", b'{"ssn":"\xff"}'],
    "ndjson": [b"{}\n{", b'{}\n{"ssn":"\xff"}'],
    "form": [b"ssn=%zz", b"ssn=%ff", b"ssn=1;a=2", b"ssn=1&ssn=2"],
    "csv": [b'ssn\n"', b'ssn\na"', b'ssn\n"a"b', b"ssn\n1,2", b"ssn\n\xff", b"ssn\r1"],
    "xml": [b"", b"<ssn>", b"<c><ssn>1<!-- --></ssn></c>", b"<!DOCTYPE c><c/>"],
    "merge_patch": [b"", b"{", b'{"ssn":1,"ssn":2}'],
    "json_patch": [b"", b"{}", b'[{"op":"add","path":"ssn","value":1}]'],
    "multipart": [b"", b"ssn", PART % b"ssn" + b"1", PART % b"ssn" + b"\xff\r\n--b--"],
}


def name_of(codec: Codec) -> str:
    return type(codec).__module__.rpartition(".")[2]


def test_every_codec_that_is_found_has_samples() -> None:
    assert {name_of(codec) for codec in CODECS} == {*SAMPLES} == {*UNREADABLE}


@pytest.fixture(params=CODECS, ids=name_of)
def codec(request: pytest.FixtureRequest) -> Codec:
    """One codec, for the parameters that it needs."""
    media_type = min(request.param.media_types)
    found = find_codec(media_type, PARAMETERS.get(name_of(request.param)))
    assert found is not None
    return found


def test_sites_are_found_in_order_and_replaced(codec: Codec) -> None:
    for sample in SAMPLES[name_of(codec)]:
        reading = codec.read(sample.body, SHAPE)
        assert [site.lexeme for site in reading.sites] == sample.lexemes
        assert reading.misfits == []
        assert reading.render([(site, b"0") for site in reading.sites]) == sample.replaced


def test_what_nobody_replaced_comes_back_as_it_was(codec: Codec) -> None:
    for sample in SAMPLES[name_of(codec)]:
        assert codec.read(sample.body, SHAPE).render() == sample.body


def test_replacing_with_the_same_lexeme_changes_no_value(codec: Codec) -> None:
    for sample in SAMPLES[name_of(codec)]:
        reading = codec.read(sample.body, SHAPE)
        again = codec.read(reading.render([(site, site.lexeme) for site in reading.sites]), SHAPE)
        assert [site.lexeme for site in again.sites] == sample.lexemes


def test_what_cannot_be_read_is_refused_without_a_word_of_it(codec: Codec) -> None:
    for body in UNREADABLE[name_of(codec)]:
        with pytest.raises(Malformed) as caught:
            codec.read(body, SHAPE)
        assert "ssn" not in caught.value.why


ODD_BYTES = st.sampled_from(list(b"\0\"'<>&;=%,:[]{}/\\- \r\n\xc3\xa9\xff1ae"))


@settings(max_examples=500)
@given(
    name=st.sampled_from(sorted(SAMPLES)),
    number=st.integers(min_value=0),
    at=st.integers(min_value=0),
    cut=st.integers(min_value=0, max_value=4),
    put=st.lists(ODD_BYTES, max_size=3).map(bytes),
)
def test_a_body_that_was_tampered_with_is_refused_or_stays_as_it_is(
    name: str, number: int, at: int, cut: int, put: bytes
) -> None:
    (found,) = (each for each in CODECS if name_of(each) == name)
    codec = find_codec(min(found.media_types), PARAMETERS.get(name))
    assert codec is not None
    body = SAMPLES[name][number % len(SAMPLES[name])].body
    at %= len(body) + 1
    body = body[:at] + put + body[at + cut :]
    for shape in (SHAPE, WARY):
        try:
            reading = codec.read(body, shape)
        except Refused:
            continue
        assert reading.render() == body


@pytest.mark.parametrize("shape", [SHAPE, WARY])
def test_a_byte_order_mark_hides_no_site(codec: Codec, shape: Shape[str]) -> None:
    for sample in SAMPLES[name_of(codec)]:
        try:
            reading = codec.read(BOM_UTF8 + sample.body, shape)
        except Malformed:
            continue
        assert [site.lexeme for site in reading.sites] == sample.lexemes


def test_each_codec_is_found_by_its_media_types(codec: Codec) -> None:
    for media_type in codec.media_types:
        assert type(find_codec(media_type, PARAMETERS.get(name_of(codec)))) is type(codec)
    for suffix in codec.suffixes:
        assert find_codec(f"application/vnd.store{suffix}") is codec


@pytest.mark.parametrize(
    "media_type",
    ["", "text/plain", "application/xml-patch+xml", "application/jsonp", "application/x-json"],
)
def test_no_codec_reads_another_type(media_type: str) -> None:
    assert find_codec(media_type) is None
