# SPDX-License-Identifier: Apache-2.0
"""Forms in parts are read in one way or not at all; other parts stay byte for byte."""

import contextlib
from email.parser import BytesParser
from email.policy import HTTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.codecs import Reading, Shape, build_shape, find_codec
from sidecar.codecs.multipart import CODEC, Multipart
from sidecar.codecs.places import MAX_PLACES
from sidecar.errors import CannotOpen, Malformed, TooLarge
from sidecar.fieldpath import FieldPath
from sidecar.rules import Documents

BOUNDARY = "-=_b.7"
FORM = b'Content-Disposition: form-data; name="%b"'
JSON = b"Content-Type: application/json"


def part(name: bytes, content: bytes, *lines: bytes) -> bytes:
    return b"\r\n".join((b"--" + BOUNDARY.encode(), FORM % name, *lines, b"", content, b""))


def form(*parts: bytes, end: bytes = b"") -> bytes:
    return b"".join(parts) + b"--" + BOUNDARY.encode() + b"--" + end


def headed(*lines: bytes) -> bytes:
    return form(b"\r\n".join((b"--" + BOUNDARY.encode(), *lines, b"", b"1", b"")))


def shape(*paths: str, documents: tuple[str, ...] = (), wary: bool = True) -> Shape[str]:
    places = tuple(map(FieldPath.parse, documents)) or Documents().request
    return build_shape(places, [(FieldPath.parse(path), path) for path in paths], wary=wary)


def read(body: bytes, *paths: str) -> Reading[str]:
    return Multipart(BOUNDARY).read(body, shape(*paths))


def replace_all(reading: Reading[str], lexeme: bytes) -> bytes:
    return reading.render([(site, lexeme) for site in reading.sites])


CONTENTS = st.binary(max_size=8) | st.text("\r\n-b=_.7", max_size=12).map(str.encode)


@given(texts=st.lists(st.text(max_size=8), min_size=1, max_size=3), others=st.lists(CONTENTS))
def test_a_splice_changes_the_contents_alone_and_another_parser_agrees(
    texts: list[str], others: list[bytes]
) -> None:
    mark = f"--{BOUNDARY}".encode()
    others = [b"" if mark in b"\r\n%b\r\n" % other else other for other in others]
    rest = [part(b"x", other, b"Content-Type: image/png") for other in others]
    body = form(*(part(b"t", text.encode()) for text in texts), *rest, end=b"\r\n")
    reading = read(body, "t[*]")
    assert reading.render() is body
    sealed = replace_all(reading, b'"enc:1:x"')
    assert sealed == form(*(part(b"t", b"enc:1:x") for _ in texts), *rest, end=b"\r\n")
    head = f'Content-Type: multipart/form-data; boundary="{BOUNDARY}"\r\n\r\n'.encode()
    parsed = BytesParser(policy=HTTP).parsebytes(head + sealed)
    told = [item.get_payload(decode=True) for item in parsed.iter_parts()]
    assert told[: len(texts)] == [b"enc:1:x"] * len(texts)
    assert len(told) == len(texts) + len(others)


@given(body=st.lists(st.sampled_from(
    [b"--" + BOUNDARY.encode(), b"--", b"\r\n", FORM % b"ssn", FORM % b"x", b"\r\n\r\n", b":", b"1"]
), max_size=14).map(b"".join))  # fmt: skip
def test_nothing_else_is_raised(body: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert read(body, "ssn").render() is body


class TestJsonParts:
    BODY = form(part(b"meta", b' {"ssn" : 1, "n":1.0}', JSON, b"X-A: 1"), part(b"ssn", b"2"))

    def test_fields_may_lie_in_them(self) -> None:
        reading = read(self.BODY, "meta.ssn", "ssn")
        assert [(s.lexeme, s.document) for s in reading.sites] == [(b"1", 0), (b'"2"', 0)]
        assert reading.render() is self.BODY
        assert replace_all(reading, b'"new"') == form(
            part(b"meta", b' {"ssn":"new","n":1.0}', JSON, b"X-A: 1"), part(b"ssn", b"new")
        )

    def test_documents_may_stand_in_them(self) -> None:
        places = ("$.meta", "$.more[*]")
        body = form(
            part(b"meta", b'{"ssn":1}', JSON), part(b"more", b'[{"ssn":2},{"ssn":3}]', JSON)
        )
        reading = Multipart(BOUNDARY).read(body, shape("ssn", documents=places))
        assert [(s.lexeme, s.document) for s in reading.sites] == [(b"1", 0), (b"2", 1), (b"3", 2)]

    def test_one_may_be_a_value_itself(self) -> None:
        reading = read(self.BODY, "meta")
        assert [site.lexeme for site in reading.sites] == [b'{"ssn" : 1, "n":1.0}']
        assert b'\r\n\r\n"enc:1:x"\r\n' in replace_all(reading, b'"enc:1:x"')

    def test_a_text_is_none(self) -> None:
        assert [m.path for m in read(form(part(b"meta", b"{}")), "meta.ssn").misfits] == ["meta"]

    @pytest.mark.parametrize("content", [b"", b"{", b'{"ssn":1,"ssn":2}', b'{"SSN":1}'])
    def test_they_are_read_strictly(self, content: bytes) -> None:
        with pytest.raises(Malformed):
            read(form(part(b"meta", content, JSON)), "meta.ssn")
        if not content:
            with pytest.raises(Malformed):
                read(form(part(b"meta", content, JSON)), "meta")


@pytest.mark.parametrize(
    "name",
    [b"SSN", b"ssn[]", b"person[tax]", b"person.tax", b"%73sn", b"first.name", b"'ssn'", b" ssn"],
)
def test_a_name_that_a_store_may_take_for_a_field_is_refused(name: bytes) -> None:
    with pytest.raises(Malformed, match="spelling"):
        read(form(part(name, b"1")), "ssn", "person.tax", "first_name")


MARK = b"--" + BOUNDARY.encode()
ODD = {
    "no end": part(b"ssn", b"1"),
    "nothing": b"",
    "another boundary": form(part(b"ssn", b"1")).replace(b"b.7", b"b.8"),
    "a longer boundary": form(part(b"x", b"1\r\n" + MARK + b"0\r\n\r\n")),
    "a boundary within a line": form(part(b"x", b"1 " + MARK)),
    "a boundary behind a bare LF": form(
        part(b"x", b"1\n" + MARK + b"\n" + FORM % b"ssn" + b"\n\n2")
    ),
    "padding": form(part(b"ssn", b"1")).replace(MARK + b"\r\n", MARK + b" \r\n"),
    "parts in front": b"--x\r\n"
    + FORM % b"ssn"
    + b"\r\n\r\n1\r\n--x--\r\n"
    + form(part(b"x", b"1")),
    "a part without a boundary in front": FORM % b"ssn"
    + b"\r\n\r\n1\r\n"
    + form(part(b"x", b"1")),
    "text in front on a line of its own": b"x\r\n" + form(part(b"x", b"1")),
    "parts behind": form(part(b"x", b"1"), end=b"\r\n--x\r\n\r\n"),
    "a second end": form(part(b"x", b"1"), end=b"\r\n" + MARK + b"--"),
    "text behind the end": form(part(b"x", b"1"), end=b"x"),
    "text in front": b"x" + form(part(b"x", b"1")),
    "no head": form(MARK + b"\r\n\r\n1\r\n"),
    "no name": headed(b"Content-Disposition: form-data"),
    "no disposition": headed(b"X-A: 1"),
    "another disposition": headed(b'Content-Disposition: attachment; name="ssn"'),
    "two dispositions": headed(FORM % b"x", FORM % b"ssn"),
    "two names": headed(FORM % b"x" + b'; name="ssn"'),
    "an extended name": headed(FORM % b"x" + b"; name*=utf-8''ssn"),
    "a name in another case": headed(FORM % b"x" + b"; NAME=ssn"),
    "a backslash in a name": headed(FORM % rb"s\sn"),
    "an escaped quote": headed(FORM % b"x" + rb'; filename="\"; name=\"ssn"'),
    "a quote without an end": headed(FORM % b"x" + b'; filename="'),
    "text behind a name": headed(FORM % b"x" + b' "ssn"'),
    "a folded line": headed(b"Content-Disposition: form-data;", b' name="ssn"'),
    "a bare LF in a head": headed(b"X-A: 1\n" + FORM % b"ssn", FORM % b"x"),
    "white space before a colon": headed(FORM % b"x", b"Content-Type : text/plain"),
    "a name that is not UTF-8": headed(FORM % b"\xff"),
    "a transfer encoding": headed(FORM % b"ssn", b"Content-Transfer-Encoding: base64"),
    "an encoded word for a name": headed(FORM % b'"=?utf-8?q?ssn?="'),
    "another charset, extended": headed(FORM % b"ssn", b"Content-Type: text/plain; charset*=utf-7"),
    "parts in a part": headed(FORM % b"ssn", b"Content-Type: multipart/mixed; boundary=x"),
    "another charset": headed(FORM % b"ssn", b"Content-Type: text/plain; charset=utf-16"),
    "another charset for all": form(part(b"_charset_", b"utf-7"), part(b"x", b"+AHM-sn")),
    "no text": form(part(b"ssn", b"\xff")),
    "a field twice": form(part(b"ssn", b"1"), part(b"ssn", b"2")),
}  # fmt: skip


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_what_reads_in_two_ways_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        read(body, "ssn")


@pytest.mark.parametrize(
    "line",
    [FORM % b"ssn" + rb'; filename="C:\a.txt"', b"content-disposition:FORM-DATA ; name=ssn",
     b"Content-Disposition: form-data; filename*=utf-8''x; name=\"ssn\""],
)  # fmt: skip
def test_a_head_may_be_spelled_otherwise_where_all_agree(line: bytes) -> None:
    assert len(read(headed(line, b"Content-Transfer-Encoding: 8BIT"), "ssn").sites) == 1


@pytest.mark.parametrize("boundary", ["", "x" * 71, "x ", "x\r", "x;y", "é"])
def test_a_boundary_that_is_none_has_no_codec(boundary: str) -> None:
    assert find_codec("multipart/form-data", {"boundary": boundary}) is None


@pytest.mark.parametrize("name", ["xboundary", "boundary2"])
def test_a_parameter_that_some_take_for_the_boundary_has_no_codec(name: str) -> None:
    assert find_codec("multipart/form-data", {name: "x", "boundary": "y"}) is None
    with pytest.raises(Malformed):
        CODEC.read(b"--", shape("ssn"))


def test_no_opened_text_ends_its_part() -> None:
    inside = f'"\\r\\n--{BOUNDARY}\\r\\n"'.encode()
    for body, path in ((form(part(b"ssn", b"1")), "ssn"), (TestJsonParts.BODY, "meta.ssn")):
        reading = read(body, path)
        with pytest.raises(CannotOpen):
            replace_all(reading, inside)


def test_claims_are_counted_in_every_part() -> None:
    envelope = b"enc:1:" + b"A" * 38
    parts = (
        part(b"ssn", b"enc:1:x"), part(b"x", b"enc:1:x"), part(b"file", b"a,%b\n" % envelope),
        part(b"meta", b'{"x":"enc:1:x","ssn":"\\u0065nc:1:x"}', JSON), part(b"y", b" enc:1:x"),
    )  # fmt: skip
    assert read(form(*parts), "ssn", "meta.ssn").claims == 5


def test_a_form_of_too_many_parts_is_too_large() -> None:
    with pytest.raises(TooLarge):
        read((b"\r\n--" + BOUNDARY.encode()) * (MAX_PLACES + 1), "ssn")
