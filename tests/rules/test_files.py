# SPDX-License-Identifier: Apache-2.0
"""The files of a set: read once, and test cases beside rules that never pass for rules."""

import itertools
import threading
from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.rules import Faults, RuleFile, parse_rules, read_files, read_rules
from tests.rules.samples import FILE, write

CASES = "version: 1\ncases: []\n"


def test_what_was_read_stays_what_it_was(tmp_path: Path) -> None:
    """The attack: a file is exchanged between the check of a set and its use."""
    file = write(tmp_path)
    files = read_files(tmp_path)
    file.write_text("version: 1\nrules: []\n", encoding="utf-8")

    assert [each.path for each in files] == [file]
    assert [rule.name for rule in parse_rules(files).rules] == ["customers"]


@pytest.mark.parametrize("name", ["rules.test.yaml", "RULES.Test.YML"])
def test_test_cases_beside_rules_are_no_rules(tmp_path: Path, name: str) -> None:
    write(tmp_path)
    write(tmp_path, CASES, name)
    assert len(read_files(tmp_path)) == 2
    assert len(read_rules(tmp_path).rules) == 1


def test_rules_in_a_file_of_cases_would_not_hold_and_are_an_error(tmp_path: Path) -> None:
    """The attack: renaming `customers.yaml` to `customers.test.yaml` takes its fields out."""
    write(tmp_path)
    write(tmp_path, FILE.replace("customers", "invoices"), "invoices.test.yaml")
    with pytest.raises(Faults, match=r"invoices\.test\.yaml:1:1: rules in a file of test cases"):
        read_rules(tmp_path)


def test_cases_alone_are_no_rules(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no rules at all"):
        read_rules(write(tmp_path, CASES, "rules.test.yaml"))


def test_every_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(Faults) as caught:
        read_files(tmp_path / "a.yaml", tmp_path / "b.yaml")
    assert len(caught.value.found) == 2


def test_a_file_beyond_any_rules_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "huge.yaml").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Faults, match="larger than"):
        read_files(tmp_path)


def test_names_tell_cases_from_rules() -> None:
    assert RuleFile(Path("a.test.yaml"), b"").holds_cases
    assert not RuleFile(Path("test.yaml"), b"").holds_cases
    assert not RuleFile(Path("a.tests.yaml"), b"").holds_cases


@pytest.fixture
def mounted(tmp_path: Path) -> Path:
    """A folder as Kubernetes mounts a ConfigMap: links through `..data` to a hidden folder."""
    for name, text in (("..old", FILE), ("..new", FILE.replace("ssn", "email"))):
        (tmp_path / name).mkdir()
        write(tmp_path / name, text, "a.yaml")
        write(tmp_path / name, text.replace("customers", "invoices"), "b.yaml")
    (tmp_path / "..data").symlink_to("..old")
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).symlink_to(f"..data/{name}")
    return tmp_path


def test_a_config_map_is_read_from_one_of_its_editions(mounted: Path) -> None:
    assert [file.path for file in read_files(mounted)] == [mounted / "a.yaml", mounted / "b.yaml"]
    (mounted / "..next").symlink_to("..new")
    (mounted / "..next").rename(mounted / "..data")
    assert all(b"email" in file.data for file in read_files(mounted))


def test_a_folder_in_a_projected_volume_is_read_from_one_of_its_editions(tmp_path: Path) -> None:
    """There the links stand one folder above; they are turned all the while that it is read."""
    for edition, field in (("..old", "ssn"), ("..new", "email")):
        (tmp_path / edition / "rules").mkdir(parents=True)
        for name in ("a.yaml", "b.yaml"):
            (tmp_path / edition / "rules" / name).write_text(field)
    (tmp_path / "..data").symlink_to("..old")
    (tmp_path / "rules").symlink_to("..data/rules")
    ends = threading.Event()

    def exchange() -> None:
        for edition in itertools.cycle(("..new", "..old")):
            (tmp_path / "..next").symlink_to(edition)
            (tmp_path / "..next").rename(tmp_path / "..data")
            if ends.is_set():
                return

    exchanging = threading.Thread(target=exchange)
    exchanging.start()
    found = [read_files(tmp_path / "rules") for _ in range(300)]
    ends.set()
    exchanging.join()
    assert {tuple(file.data for file in read) for read in found} <= {
        (b"ssn", b"ssn"),
        (b"email", b"email"),
    }
    assert {file.path.parent for read in found for file in read} == {tmp_path / "rules"}


def test_an_edition_that_is_gone_is_an_error(mounted: Path) -> None:
    (mounted / "..data").unlink()
    (mounted / "..data").symlink_to("..gone")
    with pytest.raises(Misconfigured, match="cannot be read: No such file"):
        read_files(mounted)


def test_a_file_beside_a_config_map_would_be_left_out_and_is_an_error(mounted: Path) -> None:
    write(mounted, FILE, "c.yaml")
    with pytest.raises(Faults, match=r"c\.yaml: not of the ConfigMap"):
        read_files(mounted)
