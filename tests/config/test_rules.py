# SPDX-License-Identifier: Apache-2.0
"""`rules` in sidecar.yaml: a place, and the trust that sets there must earn."""

from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.rules import RuleSource, Trust
from tests.config.documents import LISTENER


def test_a_place_alone_asks_for_no_signature(load, tmp_path: Path) -> None:
    assert load(LISTENER + "rules: rules/\n").rules == RuleSource(tmp_path / "rules")
    assert load(LISTENER + "rules: {path: rules}\n").rules == RuleSource(tmp_path / "rules")


def test_trust_keys_are_named_with_the_place_of_what_held(load, tmp_path: Path) -> None:
    (tmp_path / "rules.pub").touch()
    config = load(LISTENER + "rules: {path: rules, trust: rules.pub}\n")
    assert config.rules.trust == Trust(tmp_path / "rules.pub", tmp_path / "rules.state")
    config = load(LISTENER + "rules: {path: rules, trust: rules.pub, state: /var/lib/s}\n")
    assert config.rules.trust == Trust(tmp_path / "rules.pub", Path("/var/lib/s"))


@pytest.mark.parametrize(
    ("section", "why"),
    [
        ("{trust: rules.pub}", "'path' is missing"),
        ("{path: rules, trust: gone.pub}", "gone.pub is not a file"),
        ("{path: rules, state: x}", "`state` belongs to `trust`"),
        ("{path: rules, trusted: x}", "unknown key 'trusted'; did you mean 'trust'"),
    ],
)
def test_what_is_half_said_is_an_error(load, section: str, why: str) -> None:
    with pytest.raises(Misconfigured, match=why):
        load(LISTENER + f"rules: {section}\n")
