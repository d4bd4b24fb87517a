# SPDX-License-Identifier: Apache-2.0
"""The image: linted, pinned, not root, and made from what the Dockerfile names and nothing else."""

import re
import subprocess
from pathlib import Path

import sidecar
from tests.deploy.manifests import BIN

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
FINAL_STAGE = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]


def hadolint(dockerfile: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BIN / "hadolint", "--no-color", "-"],
        input=dockerfile,
        capture_output=True,
        text=True,
        check=False,
    )


def test_hadolint_has_nothing_to_say() -> None:
    done = hadolint(DOCKERFILE)
    assert (done.returncode, done.stdout) == (0, "")
    assert "hadolint ignore" not in DOCKERFILE


def test_hadolint_says_something_of_an_unpinned_base() -> None:
    done = hadolint(re.sub(r"FROM (\S+):\S+", r"FROM \1:latest", DOCKERFILE))
    assert done.returncode == 1
    assert "DL3007" in done.stdout


def test_both_stages_stand_on_one_base() -> None:
    """A virtual environment moves only between equal interpreters."""
    assert len(set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))) == 1


def test_nothing_is_installed_without_a_hash() -> None:
    commands = re.findall(r"pip (?:--python \S+ )?install (?:[^&]|&(?!&))*", DOCKERFILE)
    assert commands
    for command in commands:
        assert "--require-hashes" in command or "--no-index" in command
    assert "--index-url" not in DOCKERFILE


def test_the_image_runs_as_a_number_that_is_not_root() -> None:
    (user,) = re.findall(r"^USER (.*)$", FINAL_STAGE, re.MULTILINE)
    assert user == "10001:10001"


def test_the_label_carries_the_version_of_this_source() -> None:
    assert f'image.version="{sidecar.__version__}"' in FINAL_STAGE


def test_the_context_holds_what_is_copied_and_nothing_else() -> None:
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in ignore if line and not line.startswith("#")]
    assert rules[0] == "*"
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    }
    assert {rule[1:] for rule in rules if rule.startswith("!")} == copied
