# SPDX-License-Identifier: Apache-2.0
"""RAM.md and the code say the same about every action of RAM and STS, and about policies."""

import re
from pathlib import Path

import pytest

from sidecar.kms.api import ram, sts
from sidecar.kms.policy import Policy
from sidecar.kms.policy.facts import FAMILIES
from sidecar.kms.policy.operators import OPERATORS
from tests.fixtures.kms import RunningKms
from tests.kms.raw import ask, signed, wire

DOCUMENT = Path(ram.__file__).parents[1] / "RAM.md"
ROW = re.compile(r"^\| `(\w+)` \| (\w+)", re.MULTILINE)


@pytest.mark.parametrize(("api", "heading"), [(ram, "## RAM"), (sts, "## STS")])
def test_what_the_document_says_of_an_action_is_so(api: object, heading: str) -> None:
    text = DOCUMENT.read_text().partition(heading)[2].partition("\n## ")[0]
    offered, deferred = api.ACTIONS, api.DEFERRED  # type: ignore[attr-defined]
    assert dict(ROW.findall(text)) == {
        **dict.fromkeys(offered, "offered"),
        **dict.fromkeys(deferred, "UnsupportedOperation"),
    }


def test_the_document_names_every_operator_and_key_of_policies() -> None:
    section = DOCUMENT.read_text().partition("## Policies")[2].partition("\n## ")[0]
    table = "\n".join(line for line in section.splitlines() if line.startswith("|"))
    named = set(re.findall(r"`([A-Za-z]\w+(?::\w+)?)`", table)) - {"true", "false"}
    assert named == {*OPERATORS, *FAMILIES}
    example = section.partition("```json")[2].partition("```")[0]
    assert len(Policy.read(example).statements) == 2


@pytest.mark.parametrize(
    ("action", "version", "expected"),
    [
        ("BindMFADevice", "2015-05-01", (400, "UnsupportedOperation")),
        ("AssumeRoleWithSAML", "2015-04-01", (400, "UnsupportedOperation")),
        ("Encrypt", "2015-05-01", (404, "InvalidAction.NotFound")),
        ("CreateUser", "2016-01-20", (404, "InvalidAction.NotFound")),
    ],
)
def test_an_action_is_of_its_own_api(
    action: str, version: str, expected: tuple[int, str], kms: RunningKms
) -> None:
    answer = ask(kms, wire(signed(action, key=kms.access_key, version=version)))
    assert (answer.status, answer.json["Code"]) == expected


def test_a_dry_run_is_of_the_kms_alone(kms: RunningKms) -> None:
    """Anything else would call a user that is there already one that can be made."""
    request = signed("ListUsers", ("DryRun", "true"), key=kms.access_key, version="2015-05-01")
    assert ask(kms, wire(request)).json["Code"] == "InvalidParameter"
