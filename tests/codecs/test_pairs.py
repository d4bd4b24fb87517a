# SPDX-License-Identifier: Apache-2.0
"""Which names of named texts go together, whatever the format."""

import pytest

from sidecar.codecs import Shape, build_shape
from sidecar.codecs.pairs import check_charset, check_names, find_place, misfits_of
from sidecar.errors import Malformed
from sidecar.fieldpath import FieldPath


def shape(start: str = "$", *, wary: bool = True) -> Shape[str]:
    paths = [FieldPath.parse(path) for path in ("ssn", "tags[*]", "person.tax", "first_name")]
    return build_shape([FieldPath.parse(start)], [(path, str(path)) for path in paths], wary=wary)


def test_a_name_leads_to_its_place_or_to_those_of_its_elements() -> None:
    places = [find_place(shape(), name) for name in ("ssn", "tags", "person", "other")]
    assert [place and (place.path, place.tag) for place in places] == [
        ("ssn", "ssn"), ("tags[*]", "tags[*]"), ("person", None), None,
    ]  # fmt: skip


def test_names_repeat_where_the_rule_says_so_or_has_nothing_to_say() -> None:
    check_names(["tags", "tags", "x", "x", "ssn"], shape())
    for names in (["ssn", "ssn"], ["person", "person"]):
        with pytest.raises(Malformed, match="twice"):
            check_names(names, shape(wary=False))


@pytest.mark.parametrize(
    "name", ["SSN", "%53sn", "ssn[]", "person[tax]", "first.name", "first[name"]
)
def test_names_that_look_alike_are_refused_on_the_way_to_a_store(name: str) -> None:
    check_names([name], shape(wary=False))
    with pytest.raises(Malformed, match="spelling"):
        check_names([name], shape())


def test_a_form_is_no_list_of_documents() -> None:
    assert misfits_of(shape()) == []
    assert len(misfits_of(shape("$[*]"))) == 1


def test_only_utf_8_may_be_asked_for() -> None:
    check_charset("_charset_", b"UTF-8")
    check_charset("charset", b"utf-7")
    with pytest.raises(Malformed):
        check_charset("_charset_", b"utf-7")
