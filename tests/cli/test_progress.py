# SPDX-License-Identifier: Apache-2.0
"""Long work tells how far it is, where that is a terminal and where it is a log."""

import os
import pty
import subprocess
import sys

import pytest

from sidecar.cli.migrate.progress import Progress

TOLD = """
from sidecar.cli.migrate import progress
progress.TERMINAL_SECONDS = progress.LOG_SECONDS = 0
with progress.Progress("customers", "records", done=10) as told:
    told.tell(20)
    told.tell(1500, 3000)
    told.tell(5, 50)
"""


def test_a_log_gets_lines() -> None:
    done = subprocess.run([sys.executable, "-c", TOLD], capture_output=True, text=True, check=True)
    first, second, third = done.stderr.splitlines()
    assert first.startswith("sidecar: customers: 20 records, ")
    assert second.startswith("sidecar: customers: 1,500 records (50%), ")
    assert third.startswith("sidecar: customers: 5 records (10%), 0/s")
    assert done.stdout == ""


def test_a_terminal_gets_one_line_that_changes() -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", TOLD], stderr=theirs) as process:
        process.wait()
    os.close(theirs)
    shown = os.read(ours, 65536)
    os.close(ours)
    assert shown.count(b"\r\x1b[K") == 4
    assert shown.endswith(b"\n")
    assert shown.count(b"\n") == 1


def test_nothing_is_told_of_what_ends_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("customers", "records") as told:
        told.tell(20)
    assert capsys.readouterr().err == ""
