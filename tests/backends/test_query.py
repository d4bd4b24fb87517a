# SPDX-License-Identifier: Apache-2.0
"""Queries: what is looked for is sealed, what gives a value away is refused, the rest stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.backends import NotSearchable
from sidecar.backends.query import QueryReader, replace_values
from sidecar.errors import Malformed
from sidecar.rules import Mode, Place
from tests.rules.samples import field

READER = QueryReader(
    [
        field("ssn"),
        field("email", Mode.EQUALITY),
        field("address.zip", Mode.EQUALITY),
        field("home.phone", Mode.EQUALITY),
        field("work.phone", Mode.EQUALITY),
        field("cards[*].number", Mode.DIGITS),
    ]
)


@pytest.mark.parametrize(
    ("query", "lexeme"),
    [
        (b"email=a%40b.c", b'"a@b.c"'),
        (b"e%6dail=a+b", b'"a b"'),
        (b"x=1&email=", b'""'),
        (b"email", b'""'),
        (b"zip=%C3%A9%22", '"é\\""'.encode()),
        (b"address.zip=1", b'"1"'),
    ],
)
def test_a_searchable_field_is_found_by_its_name(query: bytes, lexeme: bytes) -> None:
    (found,) = READER.read(query)
    assert found.lexeme == lexeme
    assert found.field.mode is Mode.EQUALITY


@pytest.mark.parametrize(
    "query",
    [
        b"ssn=1",
        b"%73sn=1",
        b"SSN=1",
        b"e-mail=1",
        b"filter[eMail]=1",
        b"s%E2%80%8Bsn=1",
        b"filter[ssn]=1",
        b"ssn__startswith=1",
        b"ssn.eq=1",
        b"number=4111",
        b"phone=1",
        b"home.phone.like=1",
        b"email__gt=1",
        b'where={"ssn":"1"}',
        b"q=ssn:1",
        b"filter=email+eq+'x'",
        b"$filter=ssn%20eq%20'1'",
        b"search=a&q=(ssn=1)",
        b"ssn_eq=1",
        b"q[ssn_not_eq_any][]=1",
        b"ssnLike=1",
        b"where=ssn_gte:1",
        b"%EF%BD%93%EF%BD%93%EF%BD%8E=1",
        b"%2573sn=1",
        b"filter=%2573sn%253D1",
    ],
)
def test_a_parameter_that_may_carry_a_value_is_refused(query: bytes) -> None:
    with pytest.raises(NotSearchable) as caught:
        READER.read(query)
    assert "1" not in caught.value.why


@pytest.mark.parametrize(
    "query",
    [
        b"page=2&limit=10",
        b"sort=-ssn,name",
        b"sort=ssn:desc",
        b"fields=id,ssn,cards.number",
        b"q=assn",
        b"passnumber=1",
        b"ssnx=1",
        b"email_verified=1&email_in_use=1&ssnless=1",
        b"q=my+ssn",
        b"&&=",
        b"x=%E2%82%AC",
    ],
)
def test_a_parameter_that_only_lists_names_or_none_stays(query: bytes) -> None:
    assert READER.read(query) == []


@pytest.mark.parametrize("query", [b"x=%", b"x=%zz", b"email=%ff", b"%c0%af=1"])
def test_what_has_two_readings_is_refused(query: bytes) -> None:
    with pytest.raises(Malformed):
        READER.read(query)


@pytest.mark.parametrize("name", [b"email", b"e%6Dail"])
@given(others=st.lists(st.sampled_from([b"a=1", b"b", b"", b"c=%7e+", b"%61=/?:@"])))
def test_other_parameters_keep_their_bytes(name: bytes, others: list[bytes]) -> None:
    query = b"&".join([*others, name + b"=x%40y", *others])
    (found,) = READER.read(query)
    changed = replace_values(query, {found.position: "enc:1:A_-"})
    assert changed == b"&".join([*others, name + b"=enc:1:A_-", *others])


def test_names_of_one_logical_field_are_one_and_of_two_none() -> None:
    email = field("email", Mode.EQUALITY)
    mail = field("mail", Mode.EQUALITY, name="email", place=Place.QUERY)
    path = field("email", Mode.EQUALITY, place=Place.PATH)
    reader = QueryReader((email, mail, path))
    assert [found.field.name for found in reader.read(b"mail=a&email=b")] == ["email", "email"]
    other = field("work.email", Mode.EQUALITY)
    with pytest.raises(NotSearchable):
        QueryReader((email, other)).read(b"email=a")


def test_a_whole_body_has_no_name_to_look_for() -> None:
    assert QueryReader((field("$"),)).read(b"q=ssn:1&x=1") == []
