# SPDX-License-Identifier: Apache-2.0
"""Links between the documents lead somewhere, and what they call `sidecar …` is a command."""

import re
from pathlib import Path

import click
import pytest

from sidecar.cli import cli

ROOT = Path(__file__).parents[1]
_FOLDERS = ("sidecar", "deploy", "tests", "bench", "rules")
DOCUMENTS = [
    str(path.relative_to(ROOT))
    for path in sorted(
        (*ROOT.glob("*.md"), *(one for f in _FOLDERS for one in (ROOT / f).rglob("*.md")))
    )
]


def _anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name: str) -> None:
    document = ROOT / name
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", document.read_text()):
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_that_is_named_is_there(name: str) -> None:
    for words in re.findall(r"\bsidecar ((?:[a-z]+(?:-[a-z]+)* ?)+)", _code(ROOT / name)):
        command: click.Command = cli
        for word in words.split():
            if not isinstance(command, click.Group):
                break
            found = command.get_command(click.Context(command), word)
            assert found is not None, f"sidecar {words}"
            command = found


def _code(document: Path) -> str:
    """What begins a line, as in blocks of shell commands, or stands behind a back-tick."""
    return "\n".join(re.findall(r"(?:^|`)(sidecar [^`\n]+)", document.read_text(), re.MULTILINE))
