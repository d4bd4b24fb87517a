# SPDX-License-Identifier: Apache-2.0
"""What is bound to a record is asked for with its id, or nothing is asked of the store."""

import pytest

from sidecar.backends import RequirementFailed
from sidecar.backends.graphql_text.document import Surroundings, check_document
from tests.backends.graphql_text.test_document import ANSWERS, NAMES, VARIABLES


def check(text: str, *record: str) -> bool:
    return check_document(text, Surroundings(NAMES, VARIABLES, ANSWERS, record or ("id",)))


@pytest.mark.parametrize(
    "text",
    [
        "mutation($input: I!) { save(input: $input) { id ssn } }",
        "mutation($input: I!) { save(input: $input) { ok } }",
        "mutation($input: I!) { save(input: $input) { email card } }",
        "{ customer { address { street } id } }",
        "{ customer { ...V id } } fragment V on C { ssn ...V }",
        "{ customer { ...I ...V } } fragment V on C { ssn } fragment I on C { id }",
        "{ customer { ... on P { id ssn } ... on Q { name } } }",
        "{ customer { ... { id } ssn } }",
        "{ list { edges { node { id phones { number } } } } }",
        "{ customers { id ssn } other { ssn } }",
    ],
)
def test_a_selection_with_the_id_goes_on(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    "text",
    [
        "mutation($input: I!) { save(input: $input) { ssn } }",
        "mutation($input: I!) { save(input: $input) { ...V } } fragment V on C { ssn }",
        "mutation($on: B) { save { id @include(if: $on) ssn } }",
        "mutation($on: B) { save { ... @skip(if: $on) { id } ssn } }",
        "{ customer { ... on P { ssn } ... on Q { name } } }",
        "{ customer { address { street id } } }",
        "{ customers { phones { id number } } }",
        "{ id customers { tags } }",
        "{ customer { number: id ssn } }",
        "{ customer { id: name ssn } }",
        "{ customer { ...I ssn } } fragment I on C { ...I }",
        "{ customer { id ...V } customers { ...V } } fragment V on C { ssn }",
    ],
)
def test_one_without_it_is_refused(text: str) -> None:
    with pytest.raises(RequirementFailed):
        check(text)


def test_the_id_may_lie_deeper() -> None:
    check("{ customer { meta { key } ssn } }", "meta", "key")
    check(
        "{ customer { ...M ssn } } fragment M on C { meta { ...K } } fragment K on M {key}",
        "meta",
        "key",
    )
    for text in (
        "{ customer { key ssn } }",
        "{ customer { meta { id } ssn } }",
        "{ customer { meta ssn } }",
    ):
        with pytest.raises(RequirementFailed):
            check(text, "meta", "key")


def test_many_fragments_take_no_longer_than_few() -> None:
    fragments = " ".join(f"fragment F{n} on C {{ ...F{n + 1} ...F{n + 1} }}" for n in range(200))
    check(f"{{ customer {{ ...F0 }} }} {fragments} fragment F200 on C {{ id ssn }}")
