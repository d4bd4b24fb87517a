# SPDX-License-Identifier: Apache-2.0
"""Paths become patterns: ids are variables, words are routes."""

import pytest

from sidecar.learning.distinct import HashKey
from sidecar.learning.observation import Budget
from sidecar.learning.routes import MOST_WORDS, Node


def patterns(*paths: str) -> set[str]:
    root, key = Node(), HashKey()
    for path in paths:
        root.reach(path.strip("/").split("/"), key, Budget(1000))
    root.settle()
    return {"/" + "/".join(part or "{}" for part in route.pattern) for route in root.routes()}


@pytest.mark.parametrize(
    "segment",
    ["42", "C-1001", "550e8400-e29b-41d4-a716-446655440000", "ada@example.org", "张三",
     "q7Jd02KsPz9xLm4TvB81nWcY", "2026-01-05", "acme42", "x" * 60],
)  # fmt: skip
def test_what_is_no_word_is_a_variable(segment: str) -> None:
    assert patterns(f"/customers/{segment}") == {"/customers/{}"}


@pytest.mark.parametrize(
    "segment", ["customers", "v1", "v2.1", "order_items", "by-email", "s3", "api"]
)
def test_words_of_an_api_are_routes(segment: str) -> None:
    assert patterns(f"/{segment}") == {f"/{segment}"}


def test_a_seldom_word_beside_a_variable_is_one_of_its_values() -> None:
    assert patterns("/users/42", "/users/alice") == {"/users/{}"}
    often = ["/users/search"] * 3
    assert patterns("/users/42", *often) == {"/users/{}", "/users/search"}


def test_too_many_words_are_values() -> None:
    letters = "abcdefghij"
    words = [f"/users/{a}{b}" for a in letters for b in letters][: MOST_WORDS + 5]
    assert patterns(*words) == {"/users/{}"}


def test_what_was_reached_is_found_again() -> None:
    root, key = Node(), HashKey()
    reached = root.reach(["customers", "42"], key, Budget(10))
    assert root.find(["customers", "42"]) is reached
    assert root.find(["customers", "43"]) is reached
    assert root.find(["orders"]) is None
    assert root.find(["customers"]) is None


def test_without_room_nothing_new_is_reached() -> None:
    budget = Budget(1)
    root = Node()
    assert root.reach(["a"], HashKey(), budget) is not None
    assert root.reach(["b"], HashKey(), budget) is None
    assert root.reach(["a"], HashKey(), budget) is not None
    assert budget.left_out == 1
