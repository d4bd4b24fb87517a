# SPDX-License-Identifier: Apache-2.0
"""Going on after an error, and telling all of them."""

import pytest

from sidecar.errors import Misconfigured
from sidecar.rules import Faults
from sidecar.rules.faults import Collector, fault, placed
from sidecar.strict_yaml import parse


def fail(*problems: str) -> None:
    raise Faults([Misconfigured(problem) for problem in problems])


def test_a_collector_keeps_every_error_and_raises_them_in_the_end() -> None:
    errors = Collector()
    assert errors.attempt(int, "7") == 7
    errors.finish()

    errors.attempt(fail, "one", "two")
    errors.attempt(parse, b"", "empty.yaml")

    with pytest.raises(Faults) as caught:
        errors.finish()
    assert [error.why for error in caught.value.found] == ["one", "two", "empty.yaml: empty"]
    assert caught.value.why == "one (and 2 more)"
    assert str(caught.value) == "one\ntwo\nempty.yaml: empty"


def test_what_nobody_foresaw_is_not_kept_back() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        Collector().attempt(int, "x")


def test_an_error_without_a_place_gets_one() -> None:
    with pytest.raises(Misconfigured, match=r"^f:1:4: wrong$"):
        placed(parse(b"   a", "f"), lambda: (_ for _ in ()).throw(fault("", "wrong")))
