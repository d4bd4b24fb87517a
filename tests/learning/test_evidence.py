# SPDX-License-Identifier: Apache-2.0
"""From counts to a confidence: names, chance, blunders, repetition."""

from collections.abc import Iterable

from sidecar.learning.distinct import HashKey
from sidecar.learning.evidence import Finding, find_kind
from sidecar.learning.observation import MOST_EXAMINED, FieldStats

KEY = HashKey()
CARDS = [
    "4111111111111111", "4012888888881881", "4242424242424242", "5555555555554444",
    "5105105105105100", "378282246310005", "371449635398431", "6011111111111117",
    "3530111333300000", "30569309025904", "38520000023237", "6200000000000005",
]  # fmt: skip


def found(values: Iterable[str], name: str = "x", around: str = "") -> Finding | None:
    stats = FieldStats()
    for value in values:
        stats.add(value, KEY)
    return find_kind(stats, name, around)


def confidence(values: Iterable[str], name: str = "x", around: str = "") -> float:
    finding = found(values, name, around)
    return finding.confidence if finding else 0.0


def test_values_alone_are_enough_where_they_have_a_form_of_their_own() -> None:
    assert confidence(CARDS) > 0.5
    assert confidence(f"a{n}@example.org" for n in range(9)) > 0.9


def test_a_name_makes_it_surer() -> None:
    assert confidence(CARDS, "cardNumber") > 0.99 > confidence(CARDS)


def test_numbers_that_pass_a_check_by_chance_are_nothing() -> None:
    """One in ten passes Luhn's check."""
    numbers = [f"45{n:014d}" for n in range(1000, 1200)]
    finding = found(numbers, "orderNumber")
    assert finding is None or finding.confidence < 0.01


def test_one_value_seen_often_is_one_value() -> None:
    assert confidence(["4111111111111111"] * 100, "x") < 0.5 < confidence(CARDS, "x")


def test_a_few_blunders_do_not_hide_a_field() -> None:
    values = [f"a{n}@example.org" for n in range(12)] + ["n/a", "none", "-"]
    assert confidence(values, "email") > 0.95


def test_a_few_hits_do_not_make_one() -> None:
    values = [f"note {n}" for n in range(30)] + ["ada@example.org"]
    assert confidence(values, "comment") < 0.1


def test_things_are_not_people() -> None:
    values = ["Steel Chair", "Garden Lamp", "Travel Mug", "Winter Jacket"]
    assert confidence(values, "name", "products") < 0.1
    assert confidence(values, "name", "customers") > 0.5


def test_a_password_is_one_by_its_name() -> None:
    values = ["hunter2", "correct horse", "Tr0ub4dor&3", "letmein"]
    finding = found(values, "password")
    assert finding is not None
    assert finding.detector.kind == "secret"
    assert finding.confidence > 0.5
    assert confidence(values, "comment") < 0.1


def test_the_reason_is_told_without_a_value() -> None:
    finding = found(CARDS, "cardNumber")
    assert finding is not None
    assert finding.why == "12 of 12 values look like a payment card number; the name says so"


def test_only_the_first_values_are_looked_at() -> None:
    stats = FieldStats()
    for n in range(MOST_EXAMINED + 50):
        stats.add(f"a{n}@example.org", KEY)
    assert (stats.seen, stats.examined) == (MOST_EXAMINED + 50, MOST_EXAMINED)
    assert (stats.shortest, stats.longest) == (14, 16)
