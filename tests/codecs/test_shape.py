# SPDX-License-Identifier: Apache-2.0
"""A shape merges the paths of a rule, and says where one designated place meets another."""

import pytest

from sidecar.codecs import build_shape
from sidecar.errors import Misconfigured
from sidecar.fieldpath import FieldPath

PATH = FieldPath.parse


def test_paths_share_their_way_and_end_in_their_tags() -> None:
    shape = build_shape([PATH("$")], [(PATH("a.b"), 1), (PATH("a.c[*].d"), 2)])
    way = shape.members["a"]
    assert (shape.is_document, way.is_document, way.in_document) == (True, False, True)
    assert way.members["b"].tag == 1
    items = way.members["c"].items
    assert items is not None
    assert items.members["d"].tag == 2
    assert items.members["d"].path == "a.c[*].d"


def test_every_place_of_documents_gets_every_tag() -> None:
    shape = build_shape([PATH("$"), PATH("$[*]"), PATH("$.rows[*]")], [(PATH("ssn"), 1)])
    rows = shape.members["rows"].items
    assert shape.items is not None
    assert rows is not None
    assert [place.members["ssn"].tag for place in (shape, shape.items, rows)] == [1, 1, 1]
    assert shape.items.is_document
    assert not shape.items.in_document


def test_places_in_the_body_stand_outside_documents() -> None:
    shape = build_shape([PATH("$.params")], [(PATH("ssn"), 1)], [(PATH("$.command"), 2)])
    assert shape.members["command"].tag == 2
    assert not shape.members["command"].in_document
    assert shape.members["params"].members["ssn"].in_document


@pytest.mark.parametrize(
    ("documents", "inside", "in_body"),
    [
        ([PATH("$")], [(PATH("a"), 1), (PATH("a.b"), 2)], []),
        ([PATH("$")], [(PATH("a"), 1), (PATH("a[*]"), 2)], []),
        ([PATH("$")], [(PATH("a"), 1)], [(PATH("a"), 2)]),
        ([PATH("$"), PATH("$.a")], [(PATH("a"), 1)], []),
    ],
)
def test_a_designated_place_holds_no_other(
    documents: list[FieldPath],
    inside: list[tuple[FieldPath, int]],
    in_body: list[tuple[FieldPath, int]],
) -> None:
    with pytest.raises(Misconfigured):
        build_shape(documents, inside, in_body)
