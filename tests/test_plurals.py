# SPDX-License-Identifier: Apache-2.0
"""One of a thing is told in the singular."""

import pytest

from sidecar.plurals import counted


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 queries"), (1, "1 query"), (2, "2 queries"), (21, "21 queries")]
)
def test_a_count_has_its_noun(count: int, words: str) -> None:
    assert counted(count, "query", "queries") == words


def test_most_nouns_take_an_s() -> None:
    assert (counted(1, "rule"), counted(3, "rule")) == ("1 rule", "3 rules")
