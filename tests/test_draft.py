# SPDX-License-Identifier: Apache-2.0
from pathlib import Path

import pytest

from sidecar.draft import Draft


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_nobody_finds_a_part_of_it_and_nobody_else_may_read_it_before(tmp_path: Path) -> None:
    target = tmp_path / "state"
    target.write_text("before")
    with Draft(target) as draft:
        draft.file.write(b"after")
        draft.file.flush()
        assert target.read_text() == "before"
        (hidden,) = [path for path in tmp_path.iterdir() if path != target]
        assert hidden.stat().st_mode & 0o777 == 0o600
        draft.publish(0o644)
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("after", 0o644)
    assert names(tmp_path) == ["state"]


def test_what_is_not_published_leaves_nothing(tmp_path: Path) -> None:
    with Draft(tmp_path / "state") as draft:
        draft.file.write(b"half")
    assert names(tmp_path) == []


def test_the_first_may_win(tmp_path: Path) -> None:
    target = tmp_path / "key"
    with Draft(target) as one, Draft(target) as other:
        one.file.write(b"one")
        other.file.write(b"other")
        one.publish_first()
        with pytest.raises(FileExistsError):
            other.publish_first()
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (b"one", 0o600)
    assert names(tmp_path) == ["key"]


def test_where_no_file_can_be_made_the_file_is_named_that_was_to_be(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as failed:
        Draft(tmp_path / "none" / "state")
    assert failed.value.filename == str(tmp_path / "none" / "state")
