# SPDX-License-Identifier: Apache-2.0
"""JSON is read in one way or not at all, and what nobody designated stays byte for byte."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.codecs import Reading, Shape, build_shape
from sidecar.codecs.json import CODEC, MAX_DEPTH, MAX_DEPTH_OF_ANSWERS
from sidecar.codecs.places import MAX_PLACES
from sidecar.errors import Malformed, TooLarge
from sidecar.fieldpath import FieldPath
from tests.codecs.texts import OBJECTS, SPACES, Node

ROOT = FieldPath(())


def shape(*paths: str, documents: tuple[str, ...] = ("$",), wary: bool = False) -> Shape[str]:
    return build_shape(
        [FieldPath.parse(start) for start in documents],
        [(FieldPath.parse(path), path) for path in paths],
        wary=wary,
    )


def read(body: bytes, *paths: str) -> Reading[str]:
    return CODEC.read(body, shape(*paths))


def replace_all(reading: Reading[str], lexeme: bytes = b'"new"') -> bytes:
    return reading.render([(site, lexeme) for site in reading.sites])


@pytest.mark.parametrize("path", ["s", "o.s", "l[*].s", "l[*]", "o", "o.l[*].o.s"])
@given(node=OBJECTS, before=SPACES, after=SPACES)
def test_a_splice_changes_the_site_and_white_space_on_the_way_alone(
    path: str, node: Node, before: bytes, after: bytes
) -> None:
    body = before + node.render() + after
    steps = tuple("*" if step == "[*]" else step for step in path.replace("[", ".[").split("."))
    reading = read(body, path)
    assert [site.lexeme for site in reading.sites] == [v.render() for v in node.values(steps)]
    assert reading.render() is body
    expected = node.spliced(steps, b'"new"') if reading.sites else node.render()
    assert replace_all(reading) == before + expected + after


@given(node=OBJECTS)
def test_a_rendered_body_says_the_same_to_another_parser(node: Node) -> None:
    body = node.render()
    assert json.loads(replace_all(read(body, "s"), b"17")) == json.loads(body) | (
        {"s": 17} if "s" in json.loads(body) else {}
    )


@pytest.mark.parametrize("name", [b'"ssn"', rb'"\u0073sn"', rb'"s\u0073\u006E"'])
def test_a_name_is_found_in_every_spelling_and_keeps_it(name: bytes) -> None:
    body = b'{"a" : 1, %b : "x"}' % name
    assert replace_all(read(body, "ssn")) == b'{"a":1,%b:"new"}' % name


@pytest.mark.parametrize(
    "body",
    [
        b'{"ssn":"1","ssn":"2"}',
        rb'{"ssn":"1","\u0073sn":"2"}',
        b'{"ssn":"1", "x":2 , "ssn":"1"}',
        b'{"x":1,"ssn":"1","x":1}',
        b'{"x":{"y":1},"x":{"y":1},"ssn":"1"}',
        b'{"ssn" : 1,"ssn" : 11}',
        b'{"ssn" : 11,"ssn" : 1}',
        b'{"ssn" : 1,"ssn":"aaa}aaaaaa"}',
        b'{"o":{"ssn":1,"ssn":2}}',
        b'[{"ssn":1},{"ssn":1,"ssn":1}]',
        b'{"a":"\\"","ssn":"b","a":"\\",\\"ssn\\":\\"b\\""}',
    ],
)
def test_a_repeated_name_on_the_way_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed, match="same name twice"):
        CODEC.read(body, shape("ssn", "o.ssn", documents=("$", "$[*]")))


@given(
    members=st.lists(
        st.tuples(
            st.sampled_from("abcdé"), st.recursive(st.sampled_from(['"', 1, ":", "x"]), st.lists)
        ),
        max_size=5,
    ),
    spacing=st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :")]),
    is_ascii=st.booleans(),
)
def test_exactly_a_repeated_name_is_refused(
    members: list[tuple[str, object]], spacing: tuple[str, str], *, is_ascii: bool
) -> None:
    comma, colon = spacing
    spelled = [
        json.dumps(name, ensure_ascii=is_ascii) + colon + json.dumps(value, ensure_ascii=is_ascii)
        for name, value in members
    ]
    body = f"{{{comma.join(spelled)}}}".encode()
    names = [name for name, _ in members]
    if len(set(names)) == len(names):
        assert [site.tag for site in read(body, "a").sites] == ["a"] * names.count("a")
    else:
        with pytest.raises(Malformed, match="same name twice"):
            read(body, "a")


@given(names=st.lists(st.sampled_from(["a", "ssn", "b", r"\u0061"]), max_size=5), spaces=SPACES)
def test_repetition_is_judged_as_by_a_parser_that_sees_all_names(
    names: list[str], spaces: bytes
) -> None:
    members = [b'%b"%b":%b1' % (spaces, name.encode(), spaces) for name in names]
    body = b"{%b}" % b",".join(members)
    pairs = json.loads(body, object_pairs_hook=lambda pairs: pairs)
    if len({name for name, _ in pairs}) == len(pairs):
        assert read(body, "ssn").render() is body
    else:
        with pytest.raises(Malformed):
            read(body, "ssn")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"ssn":"1"', "one JSON text"),
        (b'{"ssn":"1', "one JSON text"),
        (b'{"ssn":}', "one JSON text"),
        (b"", "one JSON text"),
        (b" \n", "one JSON text"),
        (b'{"ssn":"1"}{"ssn":"2"}', "one JSON text"),
        (b'{"ssn":"1"}\n"x"', "one JSON text"),
        (b'{"ssn":NaN}', "one JSON text"),
        (b'{"x":Infinity}', "one JSON text"),
        (b'{"x":01}', "one JSON text"),
        (b"{'ssn':1}", "one JSON text"),
        (b'{"ssn":1,}', "one JSON text"),
        (b'{"ssn":1}//', "one JSON text"),
        (b'{"x":"\t"}', "one JSON text"),
        (b'{"x":"\\x"}', "one JSON text"),
        (rb'{"x":"\ud800"}', "one JSON text"),
        (rb'{"ssn":"\udc00\ud800"}', "one JSON text"),
        (rb'{"s\ud800sn":1}', "one JSON text"),
        (b'\xef\xbb\xbf{"ssn":"1"}', "one JSON text"),
        (b'{"ssn":"\xff"}', "UTF-8 at byte 8"),
        (b'{"x":"\xed\xa0\x80"}', "UTF-8"),
        (b'{"x":"\xc0\xaf"}', "UTF-8"),
        ('{"ssn":"1"}'.encode("utf-16"), "UTF-8"),
        (b"\x00{}", "one JSON text"),
        (b"[" * 100_000, "deeper"),
        (b'{"x":' * 100_000, "deeper"),
    ],
)
def test_what_can_be_read_in_two_ways_or_none_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        read(body, "ssn")


@pytest.mark.parametrize("levels", [MAX_DEPTH, MAX_DEPTH_OF_ANSWERS])
@pytest.mark.parametrize("text", ["[{}]", '["[[[{{{\\"[["]'])
def test_depth_counts_brackets_that_are_structure(levels: int, text: str) -> None:
    ssn = shape("ssn", wary=levels == MAX_DEPTH)
    inner = levels - (2 if text == "[{}]" else 1) - 1
    body = b'{"x":%b%b%b}' % (b"[" * inner, text.encode(), b"]" * inner)
    assert CODEC.read(body, ssn).render() is body
    with pytest.raises(Malformed, match="deeper"):
        CODEC.read(b"[%b]" % body, ssn)


def test_many_brackets_in_strings_are_no_depth() -> None:
    body = json.dumps({"x": ["[" * 500, '"[' * 500, "\\" * 501 + "["]}).encode()
    assert read(body, "ssn").render() is body


@pytest.mark.parametrize(
    ("body", "path"),
    [(b'{"o":"text"}', "o"), (b'{"o":[1]}', "o"), (b'"text"', ""), (b"7", ""), (b"[]", "")],
)
def test_a_value_through_which_no_way_leads_is_a_misfit(body: bytes, path: str) -> None:
    reading = read(body, "o.s")
    assert [misfit.path for misfit in reading.misfits] == [path]
    assert reading.sites == []


@pytest.mark.parametrize("body", [b"null", b"{}", b'{"o":null}', b'{"o":{}}', b'{"x":"o"}'])
def test_what_is_absent_is_no_misfit(body: bytes) -> None:
    reading = read(body, "o.s")
    assert (reading.misfits, reading.sites) == ([], [])


def test_documents_are_numbered_and_what_stands_outside_has_none() -> None:
    where = build_shape(
        [FieldPath.parse("$.rows[*]")],
        [(FieldPath.parse("ssn"), "ssn")],
        [(FieldPath.parse("$.command"), "command")],
    )
    reading = CODEC.read(b'{"rows":[{"ssn":1},{"ssn":2},{}],"command":"x"}', where)
    assert [(site.tag, site.document) for site in reading.sites] == [
        ("command", -1),
        ("ssn", 0),
        ("ssn", 1),
    ]
    assert reading.documents == 3


class TestPlaces:
    """A body of a few megabytes must not keep the proxy busy for half a minute."""

    @pytest.mark.parametrize(
        ("item", "paths"),
        [
            (b"{}", ("l[*].a",)),
            (b'{"a":1}', ("l[*].a",)),
            (b'{"a":1,"b":2}', ("l[*].a", "l[*].b")),
            (b"1", ("l[*]",)),
            (b'{"m":[1,2]}', ("l[*].m[*]",)),
        ],
    )
    def test_are_bounded(self, item: bytes, paths: tuple[str, ...]) -> None:
        many = MAX_PLACES + 1
        with pytest.raises(TooLarge):
            read(b'{"l":[%b]}' % b",".join([item] * many), *paths)
        few = read(b'{"l":[%b]}' % b",".join([item] * (MAX_PLACES // 5)), *paths)
        assert few.elements < MAX_PLACES

    def test_count_those_of_values_as_well(self) -> None:
        item = b'{"a":1,"b":2,"c":3}'
        with pytest.raises(TooLarge):
            read(
                b'{"l":[%b]}' % b",".join([item] * (MAX_PLACES // 2)), "l[*].a", "l[*].b", "l[*].c"
            )

    def test_a_list_on_no_way_may_be_long(self) -> None:
        body = b'{"a":1,"l":[%b]}' % b",".join([b"{}"] * (MAX_PLACES + 1))
        assert len(read(body, "a").sites) == 1
