# SPDX-License-Identifier: Apache-2.0
"""Every condition operator, by a table of (value in the request, value in the policy, holds)."""

import pytest

from sidecar.kms.policy.facts import RequestFacts
from sidecar.kms.policy.operators import OPERATORS
from sidecar.kms.policy.statement import Condition

POSITIVE = {
    "StringEquals": [("a", "a", True), ("a", "A", False), ("a", "*", False)],
    "StringEqualsIgnoreCase": [("aß", "ASS", True), ("a", "b", False)],
    "StringLike": [("abc", "a*", True), ("abc", "A*", False), ("a", "a?", False), ("*", "?", True)],
    "NumericEquals": [("10", "10.0", True), ("10", "11", False)],
    "NumericLessThan": [("9", "10", True), ("10", "10", False)],
    "NumericLessThanEquals": [("10", "10", True), ("-1", "-2", False)],
    "NumericGreaterThan": [("10", "9", True), ("10", "10", False)],
    "NumericGreaterThanEquals": [("10", "10", True), ("9", "10", False)],
    "DateEquals": [("2026-01-01T00:00:00Z", "2026-01-01T08:00:00+08:00", True)],
    "DateLessThan": [("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", True)],
    "DateLessThanEquals": [("2026-01-01T00:00:02Z", "2026-01-01T00:00:01Z", False)],
    "DateGreaterThan": [("2026-01-01T00:00:00Z", "2026-01-01T07:59:59+08:00", True)],
    "DateGreaterThanEquals": [("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", False)],
    "Bool": [("true", "true", True), ("false", "TRUE", False), ("false", "False", True)],
    "IpAddress": [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("2001:db8::1", "2001:db8::/32", True),
        ("10.1.2.3", "::/0", False),
        ("10.1.2.3", "::ffff:10.0.0.0/104", True),
        ("::ffff:10.1.2.3", "10.0.0.0/8", True),
        ("::ffff:10.1.2.3", "::ffff:10.1.2.3", True),
        ("10.1.2.3", "::ffff:11.0.0.0/104", False),
        ("2001:db8::1", "0.0.0.0/0", False),
    ],
}
NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
}
KEY = "kms:tag/asked"


def holds(operator: str, actual: str | None, *expected: str) -> bool:
    facts = RequestFacts("", 0, secure_transport=False, kms={KEY: actual} if actual else {})
    one = OPERATORS[operator]
    return Condition(one, KEY, tuple(map(one.values.read_expected, expected))).holds(facts)


def test_the_tables_name_every_operator() -> None:
    assert {*POSITIVE, *NEGATED} == {*OPERATORS}


@pytest.mark.parametrize(
    ("operator", "actual", "expected", "answer"),
    [(name, *row) for name, rows in POSITIVE.items() for row in rows],
)
def test_an_operator_compares(operator: str, actual: str, expected: str, *, answer: bool) -> None:
    assert holds(operator, actual, expected) is answer


@pytest.mark.parametrize(
    ("operator", "actual", "expected", "answer"),
    [(name, *row) for name, plain in NEGATED.items() for row in POSITIVE[plain]],
)
def test_a_negated_operator_says_the_opposite(
    operator: str, actual: str, expected: str, *, answer: bool
) -> None:
    assert holds(operator, actual, expected) is not answer


def test_values_are_alternatives_and_a_negation_excludes_all_of_them() -> None:
    assert holds("StringEquals", "b", "a", "b")
    assert not holds("StringNotEquals", "b", "a", "b")
    assert holds("StringNotEquals", "c", "a", "b")


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_lacking_key_meets_only_negations(operator: str) -> None:
    one = {"N": "1", "D": "2026-01-01T00:00:00Z", "B": "true", "I": "10.0.0.0/8"}
    expected = one.get(operator.removeprefix("Not")[0], "a")
    assert holds(operator, None, expected) is (operator in NEGATED)


@pytest.mark.parametrize("operator", [n for n in OPERATORS if not n.startswith("String")])
def test_a_value_that_cannot_be_read_counts_as_lacking(operator: str) -> None:
    one = {"N": "1", "D": "2026-01-01T00:00:00Z", "B": "true", "I": "10.0.0.0/8"}
    expected = one[operator.removeprefix("Not")[0]]
    assert holds(operator, "crm", expected) is (operator in NEGATED)


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("NumericEquals", "1e999999999"),
        ("NumericEquals", "NaN"),
        ("NumericEquals", "٣"),
        ("NumericEquals", "1" * 30),
        ("DateEquals", "2026-01-01"),
        ("DateEquals", "2026-01-01T00:00:00"),
        ("DateEquals", "2026-13-01T00:00:00Z"),
        ("DateEquals", "2026-W01-1T00:00:00Z"),
        ("Bool", "yes"),
        ("IpAddress", "10.0.0.1/8"),
        ("IpAddress", "::ffff:10.0.0.1/104"),
        ("IpAddress", "10.0.0.0/33"),
        ("IpAddress", "crm.internal"),
    ],
)
def test_a_value_of_another_kind_is_not_read(operator: str, value: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its text is not used
        OPERATORS[operator].values.read_expected(value)
