# SPDX-License-Identifier: Apache-2.0
"""A field is known in a schema by the last name of its path."""

import pytest

from sidecar.backends import RequirementFailed
from sidecar.backends.graphql_text.names import ProtectedNames, below_lists
from sidecar.codecs import build_shape
from sidecar.fieldpath import FieldPath
from sidecar.rules import Mode
from tests.rules import samples

NAMES = ProtectedNames(
    (
        samples.field("a.ssn", null="seal"),
        samples.field("cards[*]", Mode.DIGITS),
        samples.field("b.cards"),
    )
)


def test_a_name_is_protected_as_it_is_written() -> None:
    assert (NAMES.find("ssn"), NAMES.find("cards"), NAMES.find("a")) == ("ssn", "cards", None)
    for name in ("SSN", "s_s_n", "Cards"):
        assert NAMES.are_like(name)
        with pytest.raises(RequirementFailed):
            NAMES.find(name)


def test_what_one_of_the_fields_of_a_name_does_counts() -> None:
    assert (NAMES.seals_null("ssn"), NAMES.seals_null("cards")) == (True, False)
    assert (NAMES.has_digits("cards"), NAMES.has_digits("ssn"), NAMES.has_digits("x")) == (
        True, False, False,
    )  # fmt: skip


def test_lists_are_no_step_of_a_selection() -> None:
    shape = build_shape([FieldPath(())], [(FieldPath.parse("a[*][*].b"), 1)])
    below = below_lists(shape.members["a"])
    assert below is not None
    assert below.members["b"].tag == 1
    assert below_lists(shape) is shape
    assert below_lists(None) is None
