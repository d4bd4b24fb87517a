# SPDX-License-Identifier: Apache-2.0
"""An answer is silent only where the ordinary way finds nothing in it."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.backends import Adapter
from sidecar.fieldpath import FieldPath
from sidecar.message import ResponseHead
from sidecar.rules import Documents
from tests.backends.rig import adapter, answer
from tests.rules import samples

NESTED = ("ssn", "address.zip", "cards[*].no")


def bound(paths: Sequence[str] = NESTED, documents: Sequence[str] = ("$", "$[*]")) -> Adapter:
    where = tuple(FieldPath.parse(each) for each in documents)
    fields = tuple(samples.field(path) for path in paths)
    return adapter(fields=fields, lookup_keys=(), record="id", documents=Documents(where, where))


def is_silent(body: bytes, rule: Adapter | None = None, status: int = 200) -> bool:
    return (rule or bound()).is_silent(answer(status=status), body)


@pytest.mark.parametrize(
    "body", [b'{"ok":true}', b'{"id":"c1","at":"now"}', b"[]", b"true", b'"OK"', b'[{"id":1}, 2]']
)
def test_what_most_writes_are_answered_with_is_silent(body: bytes) -> None:
    assert is_silent(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"ssn":1}',
        b'{"\\u0073sn":1}',
        b'{"address":7}',
        b'{"cards":"none"}',
        b'{"note":"enc:1:AQEB"}',
        b'{"note":"\\u0065nc:1:AQEB"}',
        b"",
        b"{",
        b'{"ok":true} {"ssn":1}',
        '{"ok":"é"}'.encode(),
        '{"ssn":1}'.encode("utf-16"),
        b'{"ok":"' + b"x" * 256 + b'"}',
    ],
)
def test_what_may_say_something_is_not(body: bytes) -> None:
    assert not is_silent(body)


def test_nor_is_a_part_of_an_answer_or_another_format() -> None:
    assert not is_silent(b'{"ok":true}', status=206)
    head = ResponseHead(200, b"", ((b"Content-Type", b"text/csv"),))
    assert not bound().is_silent(head, b"1")


def test_nothing_is_where_lists_alone_lead_into_a_document() -> None:
    rule = bound(["ssn"], ["$", "$[*][*]"])
    assert rule.read_response(answer(), {}, b'["CANARY"]').misfits
    assert not is_silent(b'["CANARY"]', rule)


def test_nothing_is_where_the_whole_body_is_a_value() -> None:
    whole = adapter(fields=(samples.field("$"),), lookup_keys=(), record=None)
    assert not is_silent(b"1", whole)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["x", "enc:1:AA", "ssn"]),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(["ok", "id", "ssn", "address", "zip", "cards", "no", "rows"]),
            below,
            max_size=3,
        )
    ),
    max_leaves=8,
)
RULES = [
    bound(),
    bound(["a.ssn"], ["$.rows[*]"]),
    bound(["ssn"], ["$", "$.rows", "$.rows[*]"]),
    bound(["ssn"], ["$", "$[*][*]"]),
    bound(["ssn"], ["$[*]", "$[*][*][*]"]),
]


@given(VALUES, st.sampled_from(RULES))
def test_the_ordinary_way_finds_nothing_in_it(content: object, rule: Adapter) -> None:
    body = json.dumps(content).encode()
    if rule.is_silent(answer(), body):
        message = rule.read_response(answer(), {}, body)
        assert (list(message.values), list(message.misfits), message.claims) == ([], [], 0)
        assert message.finish() == (answer(), body)
