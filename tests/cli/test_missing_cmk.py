# SPDX-License-Identifier: Apache-2.0
"""What is typed where a CMK is missing; test_run.py and test_doctor.py show it to their users."""

from pathlib import Path

import pytest

from sidecar.cli import missing_cmk
from sidecar.config import EmbeddedKms
from sidecar.errors import Misconfigured
from sidecar.rules import RuleSet, read_rules

OWN = EmbeddedKms(Path("/srv/kms"))


@pytest.fixture
def rule_set(tmp_path: Path) -> RuleSet:
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "version: 1\n"
        "rules:\n"
        "  - name: crm\n"
        "    store: {name: crm, kind: rest, hosts: ['crm:80']}\n"
        "    routes: [/customers]\n"
        "    cmk: {seal: alias/new, open: [alias/old]}\n"
        "    fields: {ssn: sealed}\n"
    )
    return read_rules(rules)


@pytest.mark.parametrize("alias", ["alias/new", "alias/old"])
def test_the_missing_alias_is_in_what_is_typed(rule_set: RuleSet, alias: str) -> None:
    error = Misconfigured(f"CMK {alias} cannot be used: Forbidden.AliasNotFound")
    why = missing_cmk.explained(error, OWN, rule_set).why
    assert why.startswith(error.why)
    assert f"CreateAlias AliasName={alias} " in why


def test_what_is_typed_waits_for_the_kms_that_it_starts(rule_set: RuleSet) -> None:
    error = Misconfigured("CMK alias/new cannot be used: Forbidden.AliasNotFound")
    _, serve, wait, create_key, *_ = missing_cmk.explained(error, OWN, rule_set).why.splitlines()
    assert serve.strip() == "sidecar kms serve --dir /srv/kms &"
    assert wait.strip().startswith("until sidecar kms call --dir /srv/kms ListKeys ")
    assert "CreateKey" in create_key


@pytest.mark.parametrize(
    "why",
    [
        "CMK alias/new cannot be used: Rejected.Disabled",
        "CMK alias/new cannot be proved: the token cannot be read: FileNotFoundError",
        "CMK alias/newer cannot be used: Forbidden.AliasNotFound",
        "lookup key 1 does not open",
    ],
)
def test_other_errors_stay_as_they_are(rule_set: RuleSet, why: str) -> None:
    error = Misconfigured(why)
    assert missing_cmk.explained(error, OWN, rule_set) is error
