# SPDX-License-Identifier: Apache-2.0
"""Words of changes: what each does, and which must be meant."""

from sidecar.rules import CHANGES, Change, Effect


def test_a_change_speaks_of_its_subject() -> None:
    change = Change.of("f:1:1", "customers", "removed-field", "ssn")
    assert change.effect is Effect.UNPROTECTED
    assert change.why.startswith("ssn passes in clear")
    assert change.is_dangerous


def test_what_protects_more_is_not_dangerous() -> None:
    safe = {word for word in CHANGES if not Change.of("", "", word).is_dangerous}
    assert {word for word in CHANGES if word.startswith("added-")} <= safe
    assert safe.isdisjoint(word for word in CHANGES if word.startswith(("removed-", "dropped-")))


def test_words_can_be_typed_after_an_option() -> None:
    assert all(word.replace("-", "").isalpha() and word.islower() for word in CHANGES)
