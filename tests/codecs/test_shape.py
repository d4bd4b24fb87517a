# SPDX-License-Identifier: Apache-2.0
"""A shape merges the paths of a rule, and says where one designated place meets another."""

import pytest

from sidecar.codecs import Shape, build_shape
from sidecar.codecs.places import MAX_PLACES
from sidecar.errors import Malformed, Misconfigured, TooLarge
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


PATHS = [(PATH("ssn"), 1), (PATH("address.zip"), 2), (PATH("cards[*].number"), 3), (PATH("id"), 4)]


def wary() -> Shape[int]:
    return build_shape([PATH("$"), PATH("$[*]")], PATHS, wary=True)


WARY = wary()


@pytest.mark.parametrize(
    "name",
    [
        "SSN", "s_s_n", "ssn\x00", "ssn ", "\uff53sn", "ssn.first", "Address", "address.zip",
        "ADDRESS[zip]", "cards.number", "cards.0.number", "cards[1].number", "cards.0", "ID",
    ],
)  # fmt: skip
def test_a_wary_shape_knows_what_may_be_taken_for_its_names(name: str) -> None:
    for shape in (WARY, WARY.items):
        assert shape is not None
        with pytest.raises(Malformed):
            shape.check_names({"a": 0, name: 1}.keys())


def test_it_does_not_mind_its_own_names_and_others() -> None:
    names = dict.fromkeys(["ssn", "address", "cards", "id", "_id", "address.city", "name", "", "."])
    shape = wary()
    assert shape.check_names(names.keys()) == 5
    assert shape.check_names(names.keys()) == 0


def test_it_compares_a_bounded_number_of_names() -> None:
    shape = wary()
    with pytest.raises(TooLarge):
        shape.check_names(dict.fromkeys(map(str, range(MAX_PLACES + 1))).keys())
    with pytest.raises(TooLarge):
        shape.check_names({"\ufdfa" * MAX_PLACES: 0}.keys())
    assert shape.check_names(dict.fromkeys(map(str, range(MAX_PLACES // 2))).keys())


def test_it_remembers_a_bounded_number_of_short_names() -> None:
    shape = wary()
    for number in range(5000):
        assert shape.check_names({f"n{number}": 0, f"m{number}": 0, "x" * 4000: 0}.keys())
        assert len(shape.known or ()) < 1100
        assert "x" * 4000 not in (shape.known or ())
    with pytest.raises(Malformed):
        shape.check_names({"Ssn": 0}.keys())
    assert shape.check_names({"ssn": 0}.keys()) == 0


def test_names_that_others_left_there_do_not_keep_new_ones_from_being_remembered() -> None:
    shape = wary()
    shape.check_names(dict.fromkeys(f"hostile{number}" for number in range(1000)).keys())
    usual = dict.fromkeys(f"usual{number}" for number in range(100)).keys()
    assert shape.check_names(usual) == 100
    assert shape.check_names(usual) == 0


def test_a_shape_that_is_not_wary_minds_nothing() -> None:
    shape = build_shape([PATH("$")], [(PATH("ssn"), 1)])
    assert shape.check_names({"SSN": 0}.keys()) == 0
