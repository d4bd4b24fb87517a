# SPDX-License-Identifier: Apache-2.0
"""Forms are read in one way or not at all, and pairs that nobody designated stay byte for byte."""

import contextlib
from urllib.parse import parse_qsl, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.codecs import Reading, Shape, build_shape
from sidecar.codecs.form import CODEC
from sidecar.codecs.places import MAX_PLACES
from sidecar.errors import Malformed, TooLarge
from sidecar.fieldpath import FieldPath
from sidecar.rules import Documents

SPELLINGS = st.text(max_size=6).flatmap(
    lambda text: st.sampled_from(
        [quote_plus(text), quote_plus(text).lower(), "".join(f"%{b:02x}" for b in text.encode())]
    )
)
PAIRS = st.lists(
    st.tuples(st.sampled_from(["ssn", "s%73n", "a", "b", "%C3%A9", ""]), SPELLINGS), max_size=6
)


def shape(*paths: str, documents: tuple[str, ...] = (), wary: bool = True) -> Shape[str]:
    places = tuple(map(FieldPath.parse, documents)) or Documents().request
    return build_shape(places, [(FieldPath.parse(path), path) for path in paths], wary=wary)


def read(body: bytes, *paths: str) -> Reading[str]:
    return CODEC.read(body, shape(*paths))


@given(pairs=PAIRS)
def test_a_splice_changes_the_value_alone(pairs: list[tuple[str, str]]) -> None:
    parts = [f"{name}={value}" for name, value in pairs]
    body = "&".join(parts).encode()
    designated = [at for at, (name, _) in enumerate(pairs) if name in {"ssn", "s%73n"}]
    if len(designated) > 1:
        with pytest.raises(Malformed, match="twice"):
            read(body, "ssn")
        return
    reading = read(body, "ssn")
    assert reading.render() is body
    for at in designated:
        parts[at] = f"{pairs[at][0]}=enc%3A1%3Ax"
    edits = [(site, b'"enc:1:x"') for site in reading.sites]
    assert reading.render(edits) == "&".join(parts).encode()


@given(text=st.text())
def test_another_parser_reads_the_text_that_was_put_in(text: str) -> None:
    reading = read(b"ssn=1&a=2", "ssn")
    (site,) = reading.sites
    lexeme = read(b"ssn=" + quote_plus(text).encode(), "ssn").sites[0].lexeme
    rendered = reading.render([(site, lexeme)])
    assert parse_qsl(rendered.decode(), keep_blank_values=True) == [("ssn", text), ("a", "2")]


@given(body=st.binary(max_size=40) | st.text("ssn[]=&%;.+a7", max_size=24).map(str.encode))
def test_nothing_else_is_raised(body: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert read(body, "ssn", "t[*]").render() is body


def test_a_list_is_a_name_that_repeats() -> None:
    reading = read(b"t=1&a=0&t=2", "t[*]")
    assert [site.lexeme for site in reading.sites] == [b'"1"', b'"2"']
    assert {site.document for site in reading.sites} == {0}


@pytest.mark.parametrize(
    "name",
    ["SSN", "ss%6E%00x", "%EF%BD%93sn", "ssn[]", "[ssn]", "ssn[0]", "ssn.x", "+ssn", "ssn%20",
     "person[tax]", "person.tax", "first.name", "first[name", "firstName", "first-name", "%2573sn",
     "'ssn'"],
)  # fmt: skip
def test_a_name_that_a_store_may_take_for_a_field_is_refused(name: str) -> None:
    with pytest.raises(Malformed, match="spelling"):
        read(name.encode() + b"=1", "ssn", "person.tax", "first_name")
    assert not CODEC.read(name.encode() + b"=1", shape("ssn", wary=False)).sites


def test_a_name_with_brackets_may_be_named() -> None:
    assert len(read(b"person%5Btax%5D=1", "['person[tax]']").sites) == 1
    for name in (b"person[tax][]", b"person[tax]x", b"person.tax", b"person[Tax]", b"[person]tax"):
        with pytest.raises(Malformed):
            read(name + b"=1", "['person[tax]']")
    assert read(b"person[name]=1&person=2&tax=3", "['person[tax]']").sites == []


@pytest.mark.parametrize(
    "body",
    [b"a=1;ssn=2", b"a=%", b"a=%4", b"a=%zz", b"a=1\r\n", b"a\0=1", b"%ff=1", b"ssn=%ff",
     b"_charset_=utf-16&s%00s%00n%00=1", b"ssn=1&ssn=1", b"ssn=1&s%73n=2", b"ssn&ssn",
     b"?ssn=1", b"\xef\xbb\xbfssn=1"],
)  # fmt: skip
def test_what_reads_in_two_ways_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        read(body, "ssn")


def test_a_text_does_not_stand_where_more_is_expected() -> None:
    assert [each.path for each in read(b"person=1", "person.tax").misfits] == ["person"]
    only_lists = CODEC.read(b"ssn=1", shape("ssn", documents=("$[*]",), wary=False))
    assert (len(only_lists.misfits), only_lists.sites) == (1, [])


def test_claims_are_counted_in_every_spelling() -> None:
    assert read(b"a=enc:1:x&%65nc%3a1%3a=2&b=%65nc:22:&c=+enc:1:&d=xenc:1:", "ssn").claims == 3


def test_a_form_of_too_many_pairs_is_too_large() -> None:
    with pytest.raises(TooLarge):
        read(b"&" * (MAX_PLACES + 1), "ssn")
