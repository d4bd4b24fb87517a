# SPDX-License-Identifier: Apache-2.0
"""What each language is told; `test_ca.py` follows it where the language is at hand."""

import subprocess
from pathlib import Path

import pytest

from sidecar.cli.trusting import LANGUAGES, instructions


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_it_is_shell_that_names_the_configuration_and_the_proxy(
    language: str, tmp_path: Path
) -> None:
    told = instructions(language, tmp_path / "it's here.yaml", "http://[::1]:3128")
    assert "sidecar ca export -c " in told
    assert "it'" in told
    assert "3128" in told
    subprocess.run(["sh", "-n"], input=told, text=True, check=True)
