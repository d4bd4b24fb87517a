# SPDX-License-Identifier: Apache-2.0
"""No value travels in the text of a query, under another variable, or back under another name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sidecar.backends import NotSearchable, RequirementFailed, UnsupportedMedia
from sidecar.backends.graphql_text.document import (
    MAX_LENGTH,
    MAX_TOKENS,
    Surroundings,
    check_document,
)
from sidecar.backends.graphql_text.names import ProtectedNames
from sidecar.codecs import Shape, build_shape
from sidecar.errors import Malformed, Refused
from sidecar.fieldpath import FieldPath
from sidecar.rules import Field, Mode
from tests.rules import samples

PATH = FieldPath.parse
FIELDS = (
    samples.field("ssn"),
    samples.field("email", Mode.EQUALITY),
    samples.field("card", Mode.DIGITS),
    samples.field("notes", Mode.JSON),
    samples.field("address.street", null="seal"),
    samples.field("phones[*].number"),
    samples.field("tags[*]"),
)


def shape(*documents: str) -> Shape[object]:
    tags: list[tuple[FieldPath, Field]] = [(field.path, field) for field in FIELDS]
    return build_shape([PATH(each) for each in documents], tags)


VARIABLES = shape("$", "$.input", "$.customers[*]")
ANSWERS = shape("$.customer", "$.customers[*]", "$.list.edges[*].node", "$.save")
NAMES = ProtectedNames(FIELDS)


def check(text: str) -> bool:
    return check_document(text, Surroundings(NAMES, VARIABLES, ANSWERS))


@pytest.mark.parametrize(
    "text",
    [
        "{ customer(id: 1) { ssn email notes address { street } phones { number } } }",
        'query Q($email: String) { customers(email: $email, first: 10, after: "x") { ssn } }',
        "query($email: String) { customers(where: {email: {_eq: $email}}) { email } }",
        "query($e: [String]) { byName(names: $e) { id } }",
        "mutation($input: I!) { save(input: $input) { id ssn } }",
        "mutation($ssn: S, $notes: J) { save(id: 7, ssn: $ssn, notes: $notes) { ssn } }",
        "mutation($ssn: S) { save(input: {ssn: $ssn, open: true, n: 1.5, kind: A}) { id } }",
        "mutation($tags: [S], $t: T) { save(input: {tags: $tags, title: $t}) { id } }",
        "mutation($address: A) { save(input: {address: $address}) { id } }",
        "mutation($customers: [C!]!) { saveAll(them: $customers) { id } }",
        "mutation { save(input: {ssn: null, email: null, tags: [null]}) { id } }",
        "query($on: Boolean!) { customer(id: 1) @include(if: $on) { ssn @skip(if: $on) } }",
        "query A {...F} query B {...F} fragment F on Q { customer { ...C } } fragment C on X {a}",
        "{ list { edges { node { ... on Customer { ssn card } cursor } } } }",
        "{ mine: me { first: name } }",
        "{ customer { ssn ssn: ssn } }",
        '{ customers(ids: ["a", "b"]) { id } }',
        'query($n: Int = 10, $o: [S] = ["a"]) { customers(first: $n, order: $o) { id } }',
        "{ __schema { types { name fields { name } } } __typename }",
        "query($ssn: String) { __typename }",
    ],
)
def test_what_carries_nothing_past_the_rule_is_taken(text: str) -> None:
    assert check(text) is text.startswith("mutation")


@pytest.mark.parametrize(
    "text",
    [
        'mutation { save(ssn: "078") { id } }',
        "mutation { save(ssn: 78) { id } }",
        "mutation { save(ssn: A078) { id } }",
        'mutation { save(ssn: """078""") { id } }',
        'mutation { save(input: {ssn: "078"}) { id } }',
        "mutation { save(input: {ssn: true}) { id } }",
        'mutation { save(input: [{a: {ssn: ["078"]}}]) { id } }',
        "mutation { save(input: {ssn: {set: 78}}) { id } }",
        'mutation { save(input: {notes: {text: "078"}}) { id } }',
        "mutation { save(input: {notes: {n: 78}}) { id } }",
        "mutation { save(input: {tags: [1]}) { id } }",
        "mutation { save(input: {phones: [{number: 1}]}) { id } }",
        "mutation { save(input: {address: {street: null}}) { id } }",
        "{ customers(number: 78) { id } }",
        'query { customers(where: {field: "ssn", eq: "078"}) { id } }',
        'mutation { save(input: {title: "078"}) { id } }',
        '{ customers { id @x(ssn: "078") } }',
        'query @x(ssn: "078") { customers { id } }',
        '{ ...F } fragment F on Q { customers(ssn: "078") { id } }',
        '{ ... on Q @x(ssn: "078") { customers { id } } }',
        '{ ...F @x(ssn: "078") } fragment F on Q { id }',
        'query A { id } mutation B { save(ssn: "078") { id } }',
        'query($ssn: S = "078") { id }',
        'query($x: S = "a" @d(ssn: "078")) { id }',
        "query($input: I = {a: 1}) { id }",
        'query($x: I = {ssn: "078"}) { f(x: $x) }',
        'query($x: I = {a: "078"}) { f(x: $x) }',
        "query($number: I = 78) { f(x: $number) }",
        '{ customer { name(ssn: "078") } }',
    ],
)  # fmt: skip
def test_no_value_stands_in_the_text(text: str) -> None:
    with pytest.raises(RequirementFailed) as caught:
        check(text)
    assert "078" not in caught.value.why


@pytest.mark.parametrize(
    "text",
    [
        "mutation($s: S) { save(ssn: $s) { id } }",
        "mutation($s: S) { save(input: {ssn: $s}) { id } }",
        "mutation($s: S) { save(input: {ssn: {set: $s}}) { id } }",
        "mutation($s: S) { save(input: {tags: [$s]}) { id } }",
        "mutation($email: S) { save(input: {ssn: $email}) { id } }",
        "mutation($input: S) { save(ssn: $input) { id } }",
        "mutation($ssn: S) { save(input: {email: $ssn}) { id } }",
        "mutation($ssn: S) { save(title: $ssn) { id } }",
        "mutation($ssn: S) { save(input: {title: [$ssn]}) { id } }",
        "mutation($number: S) { save(number: $number) { id } }",
        "{ ...F } fragment F on Q { customers(ssn: $s) { id } }",
        "query($s: S) { customers { name @x(ssn: $s) } }",
    ],
)
def test_a_variable_of_a_field_stands_for_that_field_alone(text: str) -> None:
    with pytest.raises(RequirementFailed):
        check(text)


@pytest.mark.parametrize(
    "text",
    [
        'mutation { save(SSN: "078") { id } }',
        "mutation($ssn: S) { save(Ssn: $ssn) { id } }",
        "mutation($s: S) { save(input: {s_s_n: $s}) { id } }",
    ],
)
def test_a_name_in_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(RequirementFailed, match="spelling"):
        check(text)


@pytest.mark.parametrize(
    "text",
    [
        "{ customer { name: ssn } }",
        "{ customer { ssn: name } }",
        "{ a: customer { ssn } }",
        "{ customer: order { id } }",
        "{ list { all: edges { node { ssn } } } }",
        "{ customer { ... on Customer { x: ssn } } }",
        "{ customer { ...F } } fragment F on Customer { home: address { street } }",
        "query A { id } query B { a: customer { id } }",
        "{ order { ...F } customer { ...F } } fragment F on Customer { x: ssn }",
        "{ customer { phones { ssn: number } } }",
    ],
)
def test_no_alias_hides_a_field_or_gives_its_name_to_another(text: str) -> None:
    with pytest.raises(RequirementFailed, match="alias"):
        check(text)


def test_sealed_digits_are_read_only_where_the_rule_knows_them() -> None:
    for text in (
        "{ order { card } }",
        "{ order { x: card } }",
        "{ customer { address { card } } }",
    ):
        with pytest.raises(RequirementFailed, match="digits"):
            check(text)
    check("{ customer { card } order { card { id } } }")


@pytest.mark.parametrize(
    "text",
    [
        "query($ssn: S) { customers(ssn: $ssn) { id } }",
        "query($ssn: S) { ...F } fragment F on Q { customers(where: {ssn: $ssn}) { id } }",
        "query($notes: S) { customers(notes: $notes) { id } }",
    ],
)
def test_a_query_looks_for_no_value_that_cannot_be_found(text: str) -> None:
    with pytest.raises(NotSearchable):
        check(text)


@pytest.mark.parametrize(
    "text",
    [
        "subscription { customer { ssn } }",
        "{ customer { ... @defer { ssn } } }",
        "{ customers @stream(initialCount: 1) { ssn } }",
    ],
)
def test_answers_in_pieces_are_not_asked_for(text: str) -> None:
    with pytest.raises(UnsupportedMedia):
        check(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "query", "{ customer(ssn: ) }", "type Query { ssn: String }",
        "extend type Query { ssn: String } { id }", "{ id } fragment F on Q { id }",
        "{ ...A } fragment A on Q { id } fragment A on Q { ssn }",
        "{ id } fragment A on Q { ...B } fragment B on Q { ...A }",
        "{ a " * 2000 + "}" * 2000, "{ a(x: " + "[" * 2000 + "]" * 2000 + ") }",
        "{" + " id" * (MAX_TOKENS + 1) + "}", "{ id } #" + "\n" * MAX_LENGTH,
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        check(text)


def test_fragments_that_hold_each_other_are_read_once() -> None:
    fragments = "".join(f" fragment F{n} on Q {{ ...F{n + 1} ...F{n + 1} }}" for n in range(200))
    assert not check("{ ...F0 }" + fragments + " fragment F200 on Q { ...F0 id }")


WORDS = st.sampled_from(
    ["query", "mutation", "{", "}", "(", ")", "ssn", "save", "customer", ":", "$ssn", "$s", "S",
     "input", '"078"', "[", "]", "...", "on", "fragment", "F", "@x", "=", "1", "null", "email"]
)  # fmt: skip


@given(words=st.lists(WORDS, max_size=30))
def test_nothing_is_raised_but_what_is_told(words: list[str]) -> None:
    text = " ".join(words)
    try:
        check(text)
    except Refused:
        return
    assert 'ssn : "078"' not in text
