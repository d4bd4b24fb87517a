# SPDX-License-Identifier: Apache-2.0
"""`sidecar rules diff`, as transcripts, between folders, files and revisions."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sidecar.cli import cli
from sidecar.errors import Misconfigured
from tests.rules.samples import FILE, write


def diff(*arguments: str | Path) -> Result:
    return CliRunner().invoke(cli, ["rules", "diff", *map(str, arguments)])


@pytest.fixture
def sides(tmp_path: Path) -> tuple[Path, Path]:
    """Rules, and rules that name another field and another collection."""
    new = FILE.replace("ssn: sealed", "email: sealed").replace(
        "record", "collection: c\n    record"
    )
    return write(tmp_path, FILE, "old.yaml"), write(tmp_path, new, "new.yaml")


def test_what_is_dangerous_is_refused_until_it_is_meant(sides: tuple[Path, Path]) -> None:
    done = diff(*sides)
    assert done.exit_code == 1
    assert (
        done.output
        == """\
✗ unreadable  customers: what was sealed for the collection 'customers' does not open for another \
[renamed-collection]
✗ unprotected customers: ssn passes in clear; where the store has it sealed, it is refused \
[removed-field]
✗ unreadable  customers: email is refused where the store has it in clear; begin with `migrate` \
[unmigrated]
  protected   customers: email is sealed [added-field]
refused: 3 dangerous; once they are meant, say \
--acknowledge renamed-collection:customers:customers --acknowledge removed-field:customers:ssn \
--acknowledge unmigrated:customers:email
"""
    )
    words = shlex.split(done.output.splitlines()[-1].partition("say ")[2])
    done = diff(*sides, *words)
    assert done.exit_code == 0
    assert "! unprotected customers: ssn passes in clear" in done.output
    assert done.output.endswith("passed: 4 changes\n")


def test_a_word_holds_for_all_rules_for_one_or_for_one_change(sides: tuple[Path, Path]) -> None:
    others = ("--acknowledge", "unmigrated", "--acknowledge", "renamed-collection")
    assert diff(*sides, *others, "--acknowledge", "removed-field").exit_code == 0
    assert diff(*sides, *others, "--acknowledge", "removed-field:customers").exit_code == 0
    assert diff(*sides, *others, "--acknowledge", "removed-field:customers:ssn").exit_code == 0
    assert diff(*sides, *others, "--acknowledge", "removed-field:invoices").exit_code == 1
    assert diff(*sides, *others, "--acknowledge", "removed-field:customers:email").exit_code == 1


def test_an_unknown_word_acknowledges_nothing(sides: tuple[Path, Path]) -> None:
    done = diff(*sides, "--acknowledge", "removed-fields")
    assert isinstance(done.exception, Misconfigured)
    assert "did you mean 'removed-field'?" in done.exception.why


def test_a_machine_reads_the_same(sides: tuple[Path, Path]) -> None:
    report = json.loads(diff(*sides, "--acknowledge", "unmigrated", "--json").output)
    assert report["passed"] is False
    assert {each["word"]: each["refused"] for each in report["changes"]} == {
        "renamed-collection": True,
        "removed-field": True,
        "unmigrated": False,
        "added-field": False,
    }


def test_equal_rules_pass(sides: tuple[Path, Path]) -> None:
    done = diff(sides[0], sides[0])
    assert (done.exit_code, done.output) == (0, "passed: nothing changes\n")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose only commit has rules, and a working folder with others."""
    rules = tmp_path / "rules"
    (rules / "sub").mkdir(parents=True)
    write(rules, FILE, "customers.yaml")
    write(rules, "not rules", ".hidden.yaml")
    write(rules, "not rules", "README.md")
    (rules / "sub").rmdir()
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    for words in (
        ("init", "-q"),
        ("add", "."),
        (*identity, "commit", "-q", "-m", "x", "--no-gpg-sign"),
    ):
        subprocess.run(["git", *words], cwd=tmp_path, check=True, timeout=60)
    write(rules, FILE.replace("ssn", "email"), "customers.yaml")
    monkeypatch.chdir(tmp_path)
    return rules


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("HEAD:rules", "rules"),
        ("HEAD:rules/", "rules/"),
        ("HEAD:rules/customers.yaml", "rules/customers.yaml"),
    ],
)
def test_a_revision_is_compared_with_what_stands_there_now(
    repository: Path, old: str, new: str
) -> None:
    done = diff(old, new)
    assert done.exit_code == 1
    assert "ssn passes in clear" in done.output


def test_revisions_are_seen_from_the_folder_one_stands_in(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    assert "ssn passes in clear" in diff("HEAD:.", ".").output
    assert "ssn passes in clear" in diff("HEAD:customers.yaml", ".").output


@pytest.mark.parametrize(
    ("old", "why"),
    [
        ("gone.yaml", "cannot be read"),
        ("HEAD:gone", "git: "),
        ("nowhere:rules", "git: "),
        ("--output=x:rules", "neither a path nor a REVISION:PATH"),
        ("HEAD;ls:rules", "neither a path nor a REVISION:PATH"),
    ],
)
def test_what_is_no_side_is_told(repository: Path, old: str, why: str) -> None:
    done = CliRunner().invoke(cli, ["rules", "diff", "--", old, "rules"])
    assert isinstance(done.exception, Misconfigured)
    assert why in done.exception.why
