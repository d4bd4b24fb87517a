# SPDX-License-Identifier: Apache-2.0
"""Counting what is different without keeping it."""

import pytest

from sidecar.learning.distinct import Distinct, HashKey


@pytest.mark.parametrize("count", [0, 1, 3, 30, 300, 30_000])
def test_the_estimate_is_near(count: int) -> None:
    key, distinct = HashKey(), Distinct()
    for number in range(count):
        for _ in range(2):
            distinct.add(key.number(f"value {number}"))
    # Seven standard errors of 13 %, and a few for small counts: by chance once in 10^11 runs.
    assert abs(distinct.estimate() - count) <= 0.91 * count + 0.5


def test_merging_counts_what_both_saw_once() -> None:
    key, one, other, both = HashKey(), Distinct(), Distinct(), Distinct()
    for number in range(200):
        for each in (one, both) if number < 120 else (other, both):
            each.add(key.number(str(number)))
    for number in range(60):
        other.add(key.number(str(number)))
    one.merge(other)
    assert one.estimate() == both.estimate()
