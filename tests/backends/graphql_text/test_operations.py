# SPDX-License-Identifier: Apache-2.0
"""Nothing of a request hides from whoever looks at its names, and no look takes long."""

import json

import pytest

from sidecar.backends.graphql_text.operations import MAX_QUERIES, read_operations, strange_names
from sidecar.codecs import Shape, build_shape
from sidecar.codecs.places import MAX_PLACES
from sidecar.errors import Malformed, TooLarge
from sidecar.fieldpath import FieldPath

SHAPE: Shape[object] = build_shape(
    [FieldPath.parse("$.variables.input")], [(FieldPath.parse("ssn"), 1)]
)


def strange(variables: object) -> set[str]:
    return strange_names([{"query": "{ id }", "variables": variables}], SHAPE)


def test_a_request_is_one_operation_or_a_list() -> None:
    one = {"query": "{ id }", "variables": {"n": 1.10, "i": 10**30}}
    told = {"query": "{ id }", "variables": {"n": "1.1", "i": str(10**30)}}
    assert read_operations(json.dumps(one).encode()) == [told]
    assert read_operations(json.dumps([one, 7]).encode()) == [told, "7"]
    for body in (b"", b"{", b"\xff", b"{} {}"):
        with pytest.raises(Malformed):
            read_operations(body)


@pytest.mark.parametrize(
    "members",
    [
        '"variables":{"data":{"x":{"ssn":"078"},"x":1}}',
        '"variables":{"list":[{"a":{"ssn":"078"},"\\u0061":1}]}',
        '"extensions":{"a":{"ssn":"078"},"a":1}',
        '"variables":{"data":{}},"variables":{"data":{"ssn":"078"}}',
    ],
)
def test_no_member_hides_behind_another_of_its_name(members: str) -> None:
    body = f'{{"query":"query($data: I) {{ f(x: $data) }}",{members}}}'
    for text in (body, f"[{body}]"):
        with pytest.raises(Malformed):
            read_operations(text.encode())


def test_names_are_those_that_the_rule_does_not_name() -> None:
    variables = {"input": {"ssn": {"a": 1}, "b": {"c": 1}}, "list": [[{"d": 1}], 7]}
    assert strange(variables) == {"query", "b", "c", "list", "d"}


def test_a_walk_through_a_request_ends() -> None:
    with pytest.raises(TooLarge):
        strange([[]] * (MAX_PLACES + 1))
    with pytest.raises(TooLarge):
        strange_names([{"variables": [[]] * 1000}] * 100, SHAPE)
    assert strange([[]] * (MAX_PLACES // 2)) == {"query"}
    with pytest.raises(TooLarge):
        read_operations(b"[%b]" % b",".join([b"{}"] * (MAX_PLACES + 1)))


def test_queries_are_not_parsed_without_end() -> None:
    many = [{"query": "x" * (MAX_QUERIES // 2 + number)} for number in range(2)]
    with pytest.raises(TooLarge):
        read_operations(json.dumps(many).encode())
    assert len(read_operations(json.dumps(many[:1] * 9).encode())) == 9
