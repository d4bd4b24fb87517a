# SPDX-License-Identifier: Apache-2.0
"""The measuring of what is learned: how it counts, and that a small run comes near its goals."""

from bench.labelled import HARMLESS, SENSITIVE, Draw
from bench.learn import GOALS, Tally, tally


def test_precision_and_recall_are_counted_by_kind() -> None:
    email = next(field for field in SENSITIVE if field.kind == "email")
    result = Tally()
    for proposed in ("email", "email", "email", "phone", None):
        result.add("x", email, proposed, is_telling=True)
    result.add("y", HARMLESS[0], "email", is_telling=True)
    result.add("z", HARMLESS[0], None, is_telling=True)
    assert result.precision(["email"]) == 3 / 4
    assert result.recall(["email"]) == 3 / 5
    assert result.precision(["phone"]) == 0
    assert len(result.mistakes) == 3


def test_a_seed_draws_the_same_again() -> None:
    first, again = ([field.value(Draw(7)) for field in SENSITIVE] for _ in range(2))
    assert first == again


def test_every_kind_has_a_goal() -> None:
    assert {field.kind for field in SENSITIVE} == set(GOALS)


def test_other_seeds_are_found_as_well() -> None:
    result = tally(seed=99, services=4)
    assert result.precision(list(GOALS)) > 0.9
    assert result.recall(list(GOALS)) > 0.8
