# SPDX-License-Identifier: Apache-2.0
"""The tree of errors: whose fault, which status, and that the drawing is the tree."""

import importlib
import inspect
import pkgutil
import re

import pytest

import sidecar
from sidecar import errors
from sidecar.errors import CannotOpen, KeyUnavailable, Refused, SidecarError


def _everything_below(kind: type[SidecarError]) -> set[type[SidecarError]]:
    return {kind}.union(*(_everything_below(child) for child in kind.__subclasses__()))


@pytest.fixture(scope="module")
def tree() -> set[type[SidecarError]]:
    for module in pkgutil.walk_packages(sidecar.__path__, "sidecar."):
        if ".migrations" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return _everything_below(SidecarError)


def test_a_permanent_refusal_is_never_a_5xx(tree: set[type[SidecarError]]) -> None:
    refusals = {kind for kind in tree if issubclass(kind, Refused)}
    assert len(refusals) > 5
    for kind in refusals:
        assert 400 <= kind.status < 500, kind


def test_every_code_is_one_word(tree: set[type[SidecarError]]) -> None:
    for kind in tree:
        assert re.fullmatch(r"[A-Za-z_.]+", kind.code), kind


def test_the_drawing_shows_the_classes_of_the_module() -> None:
    drawn = re.findall(r"^ +[│├└─ ]*([A-Z]\w+)", inspect.getdoc(errors) or "", re.MULTILINE)
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert sorted(drawn) == sorted(kind.__name__ for kind in kinds)


def test_an_envelope_that_does_not_open_has_one_wording() -> None:
    assert CannotOpen().why == CannotOpen().why
    assert str(CannotOpen()) == CannotOpen().why


def test_an_absence_says_when_to_try_again() -> None:
    assert KeyUnavailable("away").retry_after == 1
    assert KeyUnavailable("away", retry_after=30).retry_after == 30
