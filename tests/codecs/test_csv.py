# SPDX-License-Identifier: Apache-2.0
"""Tables are read in one way or not at all, and cells that nobody designated stay byte for byte."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.codecs import Reading, Shape, build_shape, find_codec
from sidecar.codecs.csv import CODEC, MAX_CELLS
from sidecar.codecs.places import MAX_PLACES
from sidecar.errors import Malformed, TooLarge
from sidecar.fieldpath import FieldPath
from sidecar.rules import Documents

TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\r\\"), max_size=6)
TABLES = st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=4)


def shape(*paths: str, documents: tuple[str, ...] = (), wary: bool = True) -> Shape[str]:
    places = tuple(map(FieldPath.parse, documents)) or Documents().request
    return build_shape(places, [(FieldPath.parse(path), path) for path in paths], wary=wary)


def read(body: bytes, *paths: str) -> Reading[str]:
    return CODEC.read(body, shape(*paths))


def written(rows: list[tuple[str, ...]], quoting: int, end: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, quoting=quoting, lineterminator=end)  # type: ignore[arg-type]
    writer.writerow(["id", "ssn", "note"])
    writer.writerows(rows)
    return out.getvalue().encode()


@given(
    rows=TABLES,
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    end=st.sampled_from(["\r\n", "\n"]),
)
def test_another_parser_reads_what_was_put_in_and_all_else_unchanged(
    rows: list[tuple[str, ...]], quoting: int, end: str
) -> None:
    body = written(rows, quoting, end)
    reading = read(body, "ssn")
    assert reading.render() is body
    assert reading.documents == len(rows)
    sealed = reading.render([(site, b'"enc:1:\\"x"') for site in reading.sites])
    told = list(csv.reader(io.StringIO(sealed.decode(), newline="")))
    assert told == [["id", "ssn", "note"], *[[a, 'enc:1:"x', c] for a, _, c in rows]]
    again = read(sealed, "ssn")
    lexemes = [
        read(written([("", text, "")], csv.QUOTE_ALL, end), "ssn").sites[0].lexeme
        for _, text, _ in rows
    ]
    opened = again.render(list(zip(again.sites, lexemes, strict=True)))
    told = list(csv.reader(io.StringIO(opened.decode(), newline="")))
    assert told[1:] == [[*row] for row in rows]


@given(body=st.text('ssn,"\n\r1;\0é ', max_size=30).map(str.encode) | st.binary(max_size=30))
def test_nothing_else_is_raised(body: bytes) -> None:
    try:
        reading = read(body, "ssn")
    except Malformed:
        return
    assert reading.render() is body
    assert reading.render([(site, site.lexeme) for site in reading.sites]) == body


def test_an_empty_cell_is_null_and_an_empty_text_is_quoted() -> None:
    reading = read(b'id,ssn\n1,\n2,""\n3,x', "ssn")
    assert [site.lexeme for site in reading.sites] == [b"null", b'""', b'"x"']
    edits = list(zip(reading.sites, (b'""', b"null", b'""'), strict=True))
    assert reading.render(edits) == b'id,ssn\n1,""\n2,\n3,""'


@pytest.mark.parametrize(
    "header",
    ["SSN", " ssn", "\ufeffssn", "\uff53sn", "ssn[]", "person.tax", "firstName", "id;ssn",
     "id\tssn", "id|ssn", "ssn,ssn", "x,x", "s\\sn", "ssn\u2028x", "ssn\x85x"],
)  # fmt: skip
def test_a_column_that_a_store_may_take_for_a_field_is_refused(header: str) -> None:
    with pytest.raises(Malformed):
        read(header.encode() + b"\n", "ssn", "person.tax", "first_name")


@pytest.mark.parametrize(
    "body",
    [b'a,ssn\n1,"2', b'a,ssn\n1,2"', b'a,ssn\n1,"2" ', b"a,ssn\n1", b"a,ssn\n1,2,3", b"a,ssn\r1,2",
     b"sep=,\na,ssn\n1,2", b"#a,b\na,ssn\n1,2", b'x,ssn,y\n"\\"",1,"",1",2,3', b"a\x1fssn\n1\x1f2",
     b"a,ssn\n1,\0", b"a,ssn\n1,\xff", b"\xff,ssn\n", b'a,ssn\n"1\\",2",3', b"a,ssn\n1\\,2",
     b"a,ssn\n1,2\\\nx,3", b"a,ssn\n1,2\n "],
)  # fmt: skip
def test_what_reads_in_two_ways_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        read(body, "ssn")


def test_rows_are_documents_where_the_rule_says_so() -> None:
    assert [each.in_document for each in read(b"person\n1\n\n", "person.tax").misfits] == [True]
    for places in (("$",), ("$.rows[*]",)):
        reading = CODEC.read(b"ssn\n1", shape("ssn", documents=places))
        assert (len(reading.misfits), reading.sites) == (1, [])


def test_a_table_without_a_header_row_has_no_codec() -> None:
    assert find_codec("text/csv", {"header": "present"}) is CODEC
    assert find_codec("text/csv", {"header": "absent"}) is None


def test_claims_are_counted_in_cells_and_names() -> None:
    assert read(b'enc:1:x,b\n"enc:1:y",a enc:1:z\n"""enc:1:",enc:22:', "ssn").claims == 3


def test_a_table_of_too_many_rows_or_cells_is_too_large() -> None:
    with pytest.raises(TooLarge):
        read(b"a,b\n" + b"1,2\n" * (MAX_PLACES + 1), "ssn")
    with pytest.raises(TooLarge):
        read(b"," * (MAX_CELLS + 1), "ssn")
