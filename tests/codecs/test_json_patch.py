# SPDX-License-Identifier: Apache-2.0
"""What a patch brings to a protected place is found there, and nothing is carried past the rule."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sidecar.codecs import Reading, Shape, build_shape, seems_a_patch
from sidecar.codecs.json import CODEC as JSON
from sidecar.codecs.json_patch import CODEC
from sidecar.codecs.places import MAX_PLACES
from sidecar.errors import Malformed, Refused, TooLarge
from sidecar.fieldpath import FieldPath

PATHS = ("ssn", "address.zip", "cards[*].no", "notes", "a/b~c", "id")


def shape(*paths: str, documents: tuple[str, ...] = ("$", "$[*]"), wary: bool = True) -> Shape[str]:
    tags = [(FieldPath.parse(p) if "/" not in p else FieldPath((p,)), p) for p in paths or PATHS]
    return build_shape([FieldPath.parse(start) for start in documents], tags, wary=wary)


SHAPE = shape()


def read(*operations: object, where: Shape[str] = SHAPE) -> Reading[str]:
    return CODEC.read(json.dumps(operations).encode(), where)


def found(reading: Reading[str]) -> list[tuple[str, bytes, int]]:
    return [(site.tag, site.lexeme, site.document) for site in reading.sites]


def bring(path: str, value: object, op: str = "replace") -> dict[str, object]:
    return {"op": op, "path": path, "value": value}


@pytest.mark.parametrize("op", ["add", "replace", "test"])
def test_a_value_at_or_above_a_protected_place_is_found(op: str) -> None:
    reading = read(
        bring("/ssn", "1", op),
        bring("/address", {"zip": 2, "city": "x"}, op),
        bring("/cards/-", {"no": "3"}, op),
        bring("/cards/12/no", "4", op),
        bring("/cards", [{"no": "5"}, {"no": None}], op),
        bring("/a~1b~0c", [6], op),
        bring("/name", "7", op),
        bring("/address/city", {"zip": "8"}, op),
    )
    assert [(tag, lexeme) for tag, lexeme, _ in found(reading)] == [
        ("ssn", b'"1"'),
        ("address.zip", b"2"),
        ("cards[*].no", b'"3"'),
        ("cards[*].no", b'"4"'),
        ("cards[*].no", b'"5"'),
        ("cards[*].no", b"null"),
        ("a/b~c", b"[6]"),
    ]
    assert {site.document for site in reading.sites} == {0}
    assert {site.is_compared for site in reading.sites} == {op == "test"}
    assert reading.misfits == []


def test_only_what_was_replaced_changes() -> None:
    body = (
        b' [ {"op" : "replace", "p\\u0061th":"/ssn","value" : "1", "x":1.10},'
        b'{"op":"add", "path":"/address","value":{"zip" : 2,"n":1.10}} , '
        b'{"op" : "remove","path":"/ssn"} ]\n'
    )
    reading = CODEC.read(body, SHAPE)
    assert reading.render() is body
    assert reading.render([(site, b'"new"') for site in reading.sites]) == (
        b' [{"op":"replace","p\\u0061th":"/ssn","value":"new","x":1.10},'
        b'{"op":"add","path":"/address","value":{"zip":"new","n":1.10}},'
        b'{"op" : "remove","path":"/ssn"}]\n'
    )


class TestDocuments:
    def test_what_lies_outside_lists_is_one(self) -> None:
        patch = (bring("/id", 7, "test"), bring("/ssn", 1), bring("", {"ssn": 2, "id": 7}))
        assert {document for _, _, document in found(read(*patch))} == {0}

    def test_an_index_may_lead_to_another_one_each_time(self) -> None:
        whole = bring("/0", {"id": "a", "ssn": 1}, "add")
        assert found(read(whole, bring("/0/ssn", 2), bring("/-", {"ssn": 3}, "add"))) == [
            ("ssn", b"1", 0), ("id", b'"a"', 0), ("ssn", b"2", 1), ("ssn", b"3", 2),
        ]  # fmt: skip

    def test_a_list_brings_many(self) -> None:
        many = bring("", [{"ssn": 1}, {"ssn": 2}])
        numbers = [number for _, _, number in found(read(many, bring("/0/ssn", 3)))]
        assert len(set(numbers)) == 3

    def test_they_stand_where_the_rule_says(self) -> None:
        where = shape("ssn", documents=("$.rows[*]", "$.head"))
        patch = (
            bring("", {"head": {"ssn": 1}, "rows": [{"ssn": 2}]}),
            bring("/head/ssn", 3),
            bring("/rows/0", {"ssn": 4}),
            bring("/ssn", 5),
        )
        numbers = {lexeme: number for _, lexeme, number in found(read(*patch, where=where))}
        assert sorted(numbers) == [b"1", b"2", b"3", b"4"]
        assert len(set(numbers.values())) == 4


@pytest.mark.parametrize("op", ["move", "copy"])
@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("/name", "/ssn"), ("/ssn", "/name"), ("/address", "/old"), ("/x", "/address"),
        ("", "/backup"), ("/x", ""), ("/ssn", "/a~1b~0c"), ("/cards/0/no", "/ssn"),
        ("/0/ssn", "/1/ssn"), ("/0/ssn", "/ssn"), ("/cards", "/cards/0"), ("/x", "/id"),
        ("/ssn/x", "/ssn/x"), ("/notes/x", "/name"), ("/name", "/cards/-"),
    ],
)  # fmt: skip
def test_a_protected_value_is_not_carried_elsewhere(op: str, source: str, target: str) -> None:
    with pytest.raises(Refused):
        read({"op": op, "from": source, "path": target})


@pytest.mark.parametrize(
    ("source", "target"),
    [("/cards/0", "/cards/1"), ("/cards/0/no", "/cards/-/no"), ("/name", "/city"),
     ("/ssn", "/ssn"), ("/1/cards/0", "/1/cards/2")],
)  # fmt: skip
def test_what_stays_in_its_place_may_move(source: str, target: str) -> None:
    patch = json.dumps([{"op": "move", "from": source, "path": target}]).encode()
    assert CODEC.read(patch, SHAPE).render() is patch


@pytest.mark.parametrize("op", ["add", "replace", "test"])
@pytest.mark.parametrize("path", ["/ssn/first", "/notes/a/0", "/cards/0/no/x"])
def test_a_value_in_a_protected_one_fits_nowhere(op: str, path: str) -> None:
    reading = read(bring(path, "078", op))
    assert len(reading.misfits) == 1
    assert reading.sites == []


@pytest.mark.parametrize(
    "operation",
    [bring("/address", "text"), bring("/cards", {"no": 1}), bring("/0/cards", 7),
     bring("/cards/0", [1]), bring("/address/0", 1), bring("/address/-", 1, "add")],
)  # fmt: skip
def test_what_leads_no_way_is_a_misfit(operation: object) -> None:
    assert [misfit.in_document for misfit in read(operation).misfits] == [True]


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"null", b"7", b"[7]", b"[null]", b"[{}]", b'[{"op":"add"}]', b"[[]]",
        b'[{"op":"add","path":"/ssn"}]', b'[{"path":"/ssn","value":1}]',
        b'[{"op":"remove","path":"/ssn","value":"078"}]',
        b'[{"op":"move","path":"/a","from":"/b","value":"078"}]',
        b'[{"op":"move","path":"/a"}]', b'[{"op":"Replace","path":"/ssn","value":1}]',
        b'[{"op":"merge","path":"/ssn","value":1}]', b'[{"op":null,"path":"/ssn","value":1}]',
        b'[{"op":"add","path":"ssn","value":1}]', b'[{"op":"add","path":"#/ssn","value":1}]',
        b'[{"op":"add","path":"/s~sn","value":1}]', b'[{"op":"add","path":"/ssn~2","value":1}]',
        b'[{"op":"add","path":["ssn"],"value":1}]',
        b'[{"op":"add","path":"/a","path":"/ssn","value":1}]',
        b'[{"op":"add","path":"/a","value":1,"value":2}]',
        b'[{"op":"add","path":"/a","Path":"/ssn","value":1}]',
        b'[{"op":"add","path":"/a","value":1,"VALUE":2}]',
        b'[{"op":"add","path":"/SSN","value":1}]', b'[{"op":"add","path":"/s_sn","value":1}]',
        b'[{"op":"add","path":"/address.zip","value":1}]',
        b'[{"op":"add","path":"/cards/01/no","value":1}]',
        b'[{"op":"add","path":"/cards/+1/no","value":1}]',
        b'[{"op":"add","path":"/cards/no","value":1}]',
        b'[{"op":"add","path":"/cards/x","value":{"no":1}}]',
        b'[{"op":"add","path":"/00","value":{"ssn":1}}]',
        b'[{"op":"add","path":"/ 1/ssn","value":1}]',
        b'[{"op":"add","path":"/address","value":{"Zip":1}}]',
        b'[{"op":"add","path":"/address","value":{"zip":1,"zip":2}}]',
        b'[{"op":"copy","from":"/SSN","path":"/name"}]',
        b'[{"op":"add","path":"/ssn","value":NaN}]', b'[{"op":"add","path":"/\xff","value":1}]',
    ],
)  # fmt: skip
def test_what_is_no_patch_or_could_be_read_in_two_ways_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        CODEC.read(body, SHAPE)
    assert "078" not in caught.value.why


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'[{"op":"add","path":"/ssn","value":1}]', True),
        (b'[{"\\u006fp":"add","p\\u0061th":"/ssn","value":1}]', True),
        (b'[{"id":1},{"path":"/ssn","op":"add"}]', True),
        (b'{"schemas":[],"Operations":[{"op":"replace","path":"ssn","value":1}]}', True),
        (b'[{"op":"add"}]', False),
        (b'{"op":"add","path":"/ssn"}', False),
        (b'[["op","path"]]', False),
        (b'"op path"', False),
    ],
)
def test_a_patch_is_known_by_what_it_is(body: bytes, expected: bool) -> None:  # noqa: FBT001
    assert seems_a_patch(body) is expected


def test_places_are_bounded_for_all_operations_together() -> None:
    cards = [{"no": 1}] * (MAX_PLACES // 4)
    with pytest.raises(TooLarge):
        read(*[bring("/cards", cards)] * 3)
    assert len(read(bring("/cards", cards)).sites) == MAX_PLACES // 4


def test_texts_that_claim_to_be_envelopes_are_counted() -> None:
    patch = (bring("/ssn", "enc:1:x"), bring("/name", ["enc:1:y", "no enc:1:z"]))
    assert read(*patch).claims == 2


SCALARS = st.sampled_from(["x", 1, True, None])
CARDS = st.lists(st.dictionaries(st.sampled_from(["no", "k"]), SCALARS, max_size=2), max_size=2)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "ssn": SCALARS,
    "notes": SCALARS,
    "name": SCALARS,
    "address": st.dictionaries(st.sampled_from(["zip", "city"]), SCALARS, max_size=2),
    "cards": CARDS,
    "id": st.just("r"),
}
DOCUMENTS = st.fixed_dictionaries({}, optional=VALUES)
POINTERS = st.sampled_from(
    ["", "/ssn", "/name", "/address", "/address/zip", "/address/city", "/cards", "/cards/0",
     "/cards/-", "/cards/1/no", "/cards/0/k", "/other", "/notes/x"]
)  # fmt: skip
OPERATIONS = st.one_of(
    st.builds(
        bring, POINTERS, SCALARS | DOCUMENTS | CARDS | DOCUMENTS.map(lambda d: d.get("address")),
        st.sampled_from(["add", "replace"]),
    ),
    st.builds(lambda path: {"op": "remove", "path": path}, POINTERS),
    st.builds(
        lambda op, source, path: {"op": op, "from": source, "path": path},
        st.sampled_from(["move", "copy"]), POINTERS, POINTERS,
    ),
)  # fmt: skip


def sealed(reading: Reading[str]) -> bytes:
    return reading.render([(site, b'"SEALED"') for site in reading.sites if site.lexeme != b"null"])


@settings(max_examples=500)
@given(document=DOCUMENTS, operations=st.lists(OPERATIONS, min_size=1, max_size=4))
def test_a_sealed_patch_of_a_sealed_document_leaves_it_sealed_and_nothing_else(
    document: dict[str, Any], operations: list[dict[str, Any]]
) -> None:
    where = shape("ssn", "notes", "address.zip", "cards[*].no", documents=("$",))
    try:
        patch = read(*operations, where=where)
    except Refused:
        return
    if patch.misfits:
        return
    try:
        store = json.loads(sealed(JSON.read(json.dumps(document).encode(), where)))
        for operation in json.loads(sealed(patch)):
            store = applied(store, operation)
    except (KeyError, IndexError, TypeError, ValueError):
        return  # the store refuses the patch
    stored = json.dumps(store).encode()
    reading = JSON.read(stored, where)
    assert reading.misfits == []
    assert {site.lexeme for site in reading.sites} <= {b'"SEALED"', b"null"}
    assert stored.count(b"SEALED") == sum(s.lexeme != b"null" for s in reading.sites)


def applied(store: Any, operation: dict[str, Any]) -> Any:
    """RFC 6902 section 4, without `test`."""
    root = [copy.deepcopy(store)]
    op = operation["op"]
    if op in {"move", "copy"}:
        value = copy.deepcopy(at(root, operation["from"]))
    else:
        value = operation.get("value")
    if op in {"move", "remove"}:
        *way, last = steps(operation["from" if op == "move" else "path"])
        holder = follow(root, way)
        del holder[int(last) if isinstance(holder, list) else last]
    if op != "remove":
        *way, last = steps(operation["path"])
        holder = follow(root, way)
        if not isinstance(holder, list):
            if op == "replace" and last not in holder:
                raise KeyError(last)
            holder[last] = value
        elif op == "replace" or holder is root:
            holder[int(last)] = value
        else:
            position = len(holder) if last == "-" else int(last)
            if position > len(holder):
                raise IndexError(position)
            holder.insert(position, value)
    return root[0]


def steps(pointer: str) -> list[str]:
    return ["0", *pointer.split("/")[1:]]


def follow(place: Any, way: list[str]) -> Any:
    for step in way:
        place = place[int(step) if isinstance(place, list) else step]
    if not isinstance(place, (list, dict)):
        raise TypeError(way)
    return place


def at(root: list[Any], pointer: str) -> Any:
    *way, last = steps(pointer)
    holder = follow(root, way)
    return holder[int(last) if isinstance(holder, list) else last]
