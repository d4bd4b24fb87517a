# SPDX-License-Identifier: Apache-2.0
from sidecar.keys.recent import Recent


def test_what_was_found_or_put_last_is_dropped_last() -> None:
    recent: Recent[str, int] = Recent()
    for number, name in enumerate("abcd"):
        recent.put(name, number)
    assert recent.find("a") == 0
    recent.put("b", 9)
    assert [recent.drop_idlest() for _ in range(4)] == [2, 3, 0, 9]


def test_what_is_not_there_is_not_found_and_changes_nothing() -> None:
    recent: Recent[str, int] = Recent()
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.find("c") is None
    assert list(recent) == ["a", "b"]
