# SPDX-License-Identifier: Apache-2.0
"""API.md and the code say the same about every action."""

import re
from collections import Counter
from pathlib import Path

import pytest

from sidecar.kms.api import actions
from sidecar.kms.api.actions import ACTIONS
from sidecar.kms.api.deferred import DEFERRED
from tests.fixtures.kms import RunningKms
from tests.kms.refusals import refusal, told

DOCUMENT = Path(actions.__file__).parents[1] / "API.md"
ROW = re.compile(r"^\| `(\w+)` \| (\w+)", re.MULTILINE)


def rows() -> list[tuple[str, str]]:
    return ROW.findall(DOCUMENT.read_text())


def test_every_action_stands_in_the_document_once() -> None:
    assert [name for name, count in Counter(name for name, _ in rows()).items() if count > 1] == []


@pytest.mark.parametrize(
    ("state", "names"), [("offered", set(ACTIONS)), ("UnsupportedOperation", set(DEFERRED))]
)
def test_what_the_document_says_of_an_action_is_so(state: str, names: set[str]) -> None:
    assert {name for name, said in rows() if said == state} == names


def test_no_action_is_offered_and_deferred() -> None:
    assert DEFERRED.isdisjoint(ACTIONS)


def test_a_deferred_action_is_refused_by_name_and_an_unknown_one_is_not_found(
    kms: RunningKms,
) -> None:
    answer = refusal(kms, "GetSecretValue", SecretName="a-secret")
    assert told(answer) == (400, "UnsupportedOperation")
    assert told(refusal(kms, "NoSuchAction")) == (404, "InvalidAction.NotFound")
