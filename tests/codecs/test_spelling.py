# SPDX-License-Identifier: Apache-2.0
"""Names that some store takes for one and the same."""

import pytest

from sidecar.codecs.spelling import effort, fold, steps


@pytest.mark.parametrize(
    "name",
    [
        "FIRST_NAME", "firstName", "first-name", "First Name", "first_name\x00", "first_name\x00x",
        "first\u200b_name", "first_name\ufeff", "\uff46irst_name", " first_name", "first\u00a0name",
        "first\u034f_name", "first_name\ufe0f", "first\u2028name", "first_name\U000e0100",
    ],
)  # fmt: skip
def test_spellings_of_one_name_are_one(name: str) -> None:
    assert fold(name) == fold("first_name") == "firstname"


@pytest.mark.parametrize(("one", "other"), [("e\u0301", "\u00e9"), ("stra\u00dfe", "STRASSE")])
def test_composition_and_foreign_case_do_not_count(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize("name", ["_id", "id_", "first_names", "name", "first.name"])
def test_other_names_stay_others(name: str) -> None:
    assert fold(name) not in {"id", "firstname"}


@pytest.mark.parametrize(
    "name",
    [
        "cards.number",
        "Cards[0].number",
        "cards.0.number",
        "cards['number']",
        "$.cards[*]number",
        "/cards/0/number",
    ],
)
def test_steps_spelled_as_one_name(name: str) -> None:
    assert steps(name) == ["cards", "number"]


def test_long_names_and_those_outside_of_ascii_take_more_effort() -> None:
    assert effort([]) == 0
    assert effort(["a", "first_name"]) == 2
    assert effort(["n" * 160]) == 11
    assert effort(["\ufdfa" * 160]) == 161
