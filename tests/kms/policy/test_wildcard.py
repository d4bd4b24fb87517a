# SPDX-License-Identifier: Apache-2.0
"""Wildcards against regular expressions, which say the same thing by other means."""

import re

from hypothesis import given
from hypothesis import strategies as st

from sidecar.kms.policy.wildcard import matches


def spelled_by_regex(pattern: str, text: str) -> bool:
    words = {"*": ".*", "?": "."}
    expression = "".join(words.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


@given(st.text("ab*?", max_size=8), st.text("ab*?\n", max_size=8))
def test_matches_as_the_regular_expression_does(pattern: str, text: str) -> None:
    assert matches(pattern, text) is spelled_by_regex(pattern, text)


@given(st.text())
def test_a_text_without_wildcards_spells_itself_alone(text: str) -> None:
    plain = text.replace("*", "").replace("?", "")
    assert matches(plain, plain)
    assert not matches(plain, plain + "x")
    assert not matches("x" + plain, plain)


def test_a_pattern_that_explodes_a_backtracking_matcher_is_answered() -> None:
    # 2**300 ways to spread the letters over the stars; none of them ends in "b".
    assert not matches("*a" * 300 + "*b", "a" * 1024)
    assert matches("*a" * 300 + "*", "a" * 1024)
