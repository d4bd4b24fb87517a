# SPDX-License-Identifier: Apache-2.0
"""A journal survives whatever ends its sweep, and tells of no other."""

from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.migration import Journal

COUNTS = {"outcomes": {"written": 5}, "reasons": {}, "failed": []}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def test_a_new_one_begins_at_the_start(place: Path) -> None:
    with Journal(place, "a") as journal:
        assert (journal.token, journal.is_swept, journal.counts) == (None, False, {})
    assert place.stat().st_mode & 0o777 == 0o600


def test_the_last_whole_page_is_found_again(place: Path) -> None:
    with Journal(place, "a") as journal:
        journal.note(b"2", {})
        journal.note(b'"C-1"', COUNTS)
    with Journal(place, "a") as journal:
        assert journal.token == b'"C-1"'
        assert journal.counts == COUNTS


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_line_that_was_cut_short_is_as_good_as_none(place: Path, cut: int) -> None:
    with Journal(place, "a") as journal:
        journal.note(b"2", COUNTS)
        journal.note(b"3", COUNTS)
    place.write_bytes(place.read_bytes()[:-cut])
    with Journal(place, "a") as journal:
        assert journal.token == b"2"
        journal.note(b"4", COUNTS)
    with Journal(place, "a") as journal:
        assert journal.token == b"4"


def test_the_end_of_the_sweep_is_found_again(place: Path) -> None:
    with Journal(place, "a") as journal:
        journal.note_swept(COUNTS)
    with Journal(place, "a") as journal:
        assert journal.is_swept
        assert journal.token is None
        journal.remove()
    assert not place.exists()


@pytest.mark.parametrize("content", [b"{}\n", b"a letter to Ada\n", b'{"journal":1}\n'])
def test_nothing_else_is_taken_for_one(place: Path, content: bytes) -> None:
    place.write_bytes(content)
    with pytest.raises(Misconfigured, match="another sweep"):
        Journal(place, "a")
    assert place.read_bytes() == content


def test_another_sweep_does_not_go_on_with_it(place: Path) -> None:
    with Journal(place, "a"):
        pass
    with pytest.raises(Misconfigured, match="another sweep"):
        Journal(place, "b")


def test_two_do_not_work_with_one(place: Path) -> None:
    with Journal(place, "a"), pytest.raises(Misconfigured, match="another process"):
        Journal(place, "a")


def test_a_place_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be written"):
        Journal(tmp_path / "none" / "journal", "a")
