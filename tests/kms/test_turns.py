# SPDX-License-Identifier: Apache-2.0
"""Whoever waits has a turn, and what one waits for comes in its order."""

from hypothesis import given
from hypothesis import strategies as st

from sidecar.kms.turns import Turns


def test_one_of_each_and_then_one_of_each_again() -> None:
    turns: Turns[str] = Turns()
    for what in ("a1", "a2", "a3", "b1", "c1", "c2"):
        turns.add(what[0], what)
    assert [turns.take() for _ in range(6)] == ["a1", "b1", "c1", "a2", "c2", "a3"]


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_nothing_is_lost_and_nobody_waits_for_two_of_another(before: list[str], after: str) -> None:
    turns: Turns[tuple[str, int]] = Turns()
    waiting = [(who, number) for number, who in enumerate(before)]
    for one in waiting:
        turns.add(one[0], one)
    for number, who in enumerate(after, len(before)):
        waiting.append((who, number))
        turns.add(who, waiting[-1])
        got = turns.take()
        waiting.remove(got)
    served = [turns.take() for _ in waiting]
    assert sorted(served) == sorted(waiting)
    for who in {one for one, _ in waiting}:
        assert [one for one in served if one[0] == who] == [one for one in waiting if one[0] == who]
    first = {who: [one for one, _ in served].index(who) for who, _ in waiting}
    assert all(place < len(first) for place in first.values())
