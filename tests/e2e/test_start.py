# SPDX-License-Identifier: Apache-2.0
"""Law 8: what cannot be proved at start does not listen, and says why in one sentence."""

from pathlib import Path

import pytest

from tests.demo.installation import Installation
from tests.fixtures.command import sidecar


@pytest.fixture
def spoilt(installation: Installation, tmp_path: Path):
    """A copy of the configuration with something wrong in it or in its rules."""

    def make(old: str, new: str) -> Path:
        rules = (installation.work / "rules.yaml").read_text()
        config = installation.config.read_text()
        assert old in rules + config
        (tmp_path / "rules.yaml").write_text(rules.replace(old, new))
        (tmp_path / "sidecar.yaml").write_text(config.replace(old, new))
        return tmp_path / "sidecar.yaml"

    return make


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("alias/customers", "alias/nobody", "alias/nobody"),
        ("ssn: sealed", "ssn: seeled", "did you mean 'sealed'?"),
        ("rules: rules.yaml", "rules: absent.yaml", "absent.yaml"),
        ("endpoint: http://127.0.0.1:", "endpoint: http://127.0.0.2:", "KMS"),
        ('lookup_keys: ["', 'lookup_keys: ["AAAA', "lookup"),
    ],
    ids=["unknown CMK", "rule", "no rules", "KMS away", "lookup key"],
)
def test_it_does_not_listen(spoilt, old: str, new: str, why: str) -> None:
    done = sidecar("run", "-c", spoilt(old, new))
    assert done.returncode == 2
    assert done.stdout == ""
    said = [line for line in done.stderr.splitlines() if line.startswith("sidecar: ")]
    assert len(said) == 1
    assert why in said[0]
    assert "Traceback" not in done.stderr
