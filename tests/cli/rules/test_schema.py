# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules schema` prints what is checked in."""

from pathlib import Path

from click.testing import CliRunner

import sidecar.rules
from sidecar.cli import cli


def test_what_is_printed_is_what_is_checked_in() -> None:
    done = CliRunner().invoke(cli, ["rules", "schema"])
    stored = Path(sidecar.rules.__file__).with_name("schema.json")
    assert (done.exit_code, done.output) == (0, stored.read_text(encoding="utf-8"))
