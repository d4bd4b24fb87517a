# SPDX-License-Identifier: Apache-2.0
"""The command itself: what it offers, how it fails, and that it leaves no core dump."""

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from sidecar import __version__
from sidecar.cli import COMMANDS, cli
from tests.fixtures.command import sidecar


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_teaches(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    shown = CliRunner().invoke(cli, [name, "--help"])
    assert shown.exit_code == 0
    assert "Usage:" in shown.output
    assert command.help


def _every_command(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for below in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), below)
            assert found is not None
            yield from _every_command(f"{name} {below}", found)


def test_help_is_laid_out_as_it_was_written() -> None:
    """click's mark for that is a backspace; in a raw string it would be two other characters."""
    for name, command in _every_command("sidecar", cli):
        shown = CliRunner().invoke(cli, [*name.split()[1:], "--help"]).output
        assert "\\b" not in shown, name
        assert command.help, name


def test_no_line_of_a_list_of_commands_is_cut_off() -> None:
    for name, command in _every_command("sidecar", cli):
        shown = CliRunner().invoke(cli, [*name.split()[1:], "--help"]).output
        if isinstance(command, click.Group):
            assert "..." not in shown.partition("Commands:")[2], name


def test_every_option_says_what_it_is_for() -> None:
    for name, command in _every_command("sidecar", cli):
        options = [each for each in command.params if isinstance(each, click.Option)]
        assert not [each.opts for each in options if not each.help], name


def test_the_help_lists_every_command() -> None:
    shown = CliRunner().invoke(cli, ["--help"]).output
    for name, what in COMMANDS.items():
        assert name in shown
        assert what.partition(":")[0][:40] in shown


def test_an_unknown_command_is_wrong_usage() -> None:
    assert CliRunner().invoke(cli, ["fly"]).exit_code == 2


def test_the_version_is_told() -> None:
    assert sidecar("--version").stdout == f"sidecar, version {__version__}\n"


def test_our_own_errors_are_one_sentence_and_a_code() -> None:
    done = sidecar("run", "-c", "/absent/sidecar.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "sidecar: /absent/sidecar.yaml: cannot be read: No such file or directory\n"
    )


CORE_DUMPS = """
import ctypes, resource, sys
from sidecar.cli import main
sys.argv = ["sidecar", "--version"]
try:
    main()
except SystemExit:
    PR_GET_DUMPABLE = 3
    print(ctypes.CDLL(None).prctl(PR_GET_DUMPABLE), resource.getrlimit(resource.RLIMIT_CORE))
"""


def test_no_process_of_ours_can_be_dumped() -> None:
    """Neither into a file nor into a pipe, for which the limit does not hold (core(5))."""
    command = [sys.executable, "-c", CORE_DUMPS]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "0 (0, 0)"


def test_a_look_at_the_help_loads_no_proxy() -> None:
    """Every command starts in a moment, because none loads what it does not use."""
    program = "import sys; from sidecar import cli; print('mitmproxy' in sys.modules)"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"
