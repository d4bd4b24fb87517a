# SPDX-License-Identifier: Apache-2.0
"""Files cut into records: together the slices are the file, whatever the pieces it is read in."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.errors import Malformed, TooLarge
from sidecar.migration import FORMATS
from sidecar.migration.slices import Slice

LIMIT = 1024 * 1024
SPACE = st.text(" \t\r\n", max_size=3)
VALUES = st.text('a"\\{[]}é', max_size=6) | st.sampled_from(
    [None, 1.5, True, {}, [], [[{}], "]"], {"x": ["}", {"y": '"{'}]}]
)
NAMES = st.sampled_from(["id", 'a"b', "{", "]", "\\"])
RECORDS = st.lists(st.dictionaries(NAMES, VALUES, max_size=3), max_size=4)


class Dripping(io.BytesIO):
    """A file that gives a few bytes at a time."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(min(size or 7, 7) if size is not None and size > 0 else size)


def cut(form: str, data: bytes, limit: int = LIMIT) -> list[Slice]:
    return list(FORMATS[form].cut(Dripping(data), limit))


def joined(slices: list[Slice]) -> bytes:
    return b"".join(part.glue + part.record for part in slices)


def records(slices: list[Slice]) -> list[bytes]:
    return [part.record for part in slices if part.record]


@settings(max_examples=50)
@given(RECORDS, SPACE, SPACE, st.sampled_from([None, 2]))
def test_an_array_is_cut_into_its_elements(
    values: list[dict[str, object]], space: str, other: str, indent: int | None
) -> None:
    texts = [json.dumps(value, indent=indent) for value in values]
    data = f"{space}[{other}{f'{other},{space}'.join(texts)}{space}]{other}".encode()
    slices = cut("json", data)
    assert joined(slices) == data
    assert records(slices) == [text.encode() for text in texts]


@settings(max_examples=50)
@given(RECORDS, st.sampled_from(["\n", "\r\n", "\n\n", " \n"]), st.sampled_from([0, 1]))
def test_ndjson_is_cut_into_its_lines(values: list[dict[str, object]], end: str, ends: int) -> None:
    texts = [json.dumps(value) for value in values]
    data = (end.join(texts) + end * ends).encode()
    slices = cut("ndjson", data)
    assert joined(slices) == data
    assert records(slices) == [text.encode() for text in texts]


CELLS = st.lists(st.text('a,"\n\r é', max_size=4), min_size=2, max_size=2)


@settings(max_examples=50)
@given(st.lists(CELLS, max_size=5), st.sampled_from([b"\n", b"\r\n"]), st.sampled_from([0, 1]))
def test_a_table_is_cut_into_its_rows(rows: list[list[str]], end: bytes, ends: int) -> None:
    spelled = [
        b",".join(b'"' + cell.replace('"', '""').encode() + b'"' for cell in row)
        for row in [["id", "ssn"], *rows]
    ]
    data = end.join(spelled) + end * ends
    slices = cut("csv", data)
    assert joined(slices) == data
    assert [each.strip() for each in records(slices)] == [row.strip() for row in spelled[1:]]
    assert all(part.head == spelled[0] + end for part in slices if part.record)


@pytest.mark.parametrize(
    "data",
    [
        b"", b" ", b"7", b'"{}"', b"[1]", b"[[]]", b"[{}", b"[{},", b"[{} {}]x", b"{}{}", b"[{}]]",
        b'[{"a":1]', b'{"a":"', b"null", b'[{"id":1},2]', b'{"id":1}\n{"id":2}\n',
        b"\xef\xbb\xbf[]",
    ],
)  # fmt: skip
def test_what_holds_no_records_is_no_file(data: bytes) -> None:
    with pytest.raises(Malformed):
        cut("json", data)


def test_a_record_has_a_bound_in_every_format() -> None:
    long = b'{"id":"%b"}' % (b"x" * 2000)
    for form, data in {
        "json": b"[" + long + b"]",
        "ndjson": long,
        "csv": b'id\n"' + b"x\n" * 1000 + b'"\n',
    }.items():
        with pytest.raises(TooLarge, match="1000 bytes"):
            cut(form, data, limit=1000)


def test_a_row_that_does_not_end_is_told() -> None:
    with pytest.raises(Malformed, match="quoted cell"):
        cut("csv", b'id,ssn\n1,"a\n')
