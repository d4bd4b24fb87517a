# SPDX-License-Identifier: Apache-2.0
"""What counts as a change of files, and what does not."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sidecar.supervision.watching import changes, look


def _replace(folder: Path) -> None:
    (folder / "new").write_text("one")
    (folder / "new").rename(folder / "a.yaml")


def _put_back_the_time(folder: Path) -> None:
    before = (folder / "a.yaml").stat()
    (folder / "a.yaml").write_text("two")
    os.utime(folder / "a.yaml", ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "other content": lambda folder: (folder / "a.yaml").write_text("longer than before"),
    "another file of the same length": _replace,
    "other content of the same length and time": _put_back_the_time,
    "may be read no more": lambda folder: (folder / "a.yaml").chmod(0),
    "deleted": lambda folder: (folder / "a.yaml").unlink(),
    "one more": lambda folder: (folder / "b.yaml").write_text("two"),
    "the folder is gone": lambda folder: folder.rename(folder.with_name("elsewhere")),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "a.yaml").write_text("one")
    return folder


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_shows(folder: Path, name: str) -> None:
    before = look([folder])
    CHANGES[name](folder)
    assert look([folder]) != before


def test_hidden_files_and_looking_itself_change_nothing(folder: Path) -> None:
    before = look([folder, folder / "absent"])
    (folder / ".swap").write_text("an editor's")
    (folder / "a.yaml").read_text()
    assert look([folder, folder / "absent"]) == before


async def test_what_keeps_changing_is_waited_for(folder: Path) -> None:
    """A file that is still being written must not be taken for the whole set."""
    file = folder / "a.yaml"
    known = look([folder])
    seen: list[str] = []

    async def watch() -> None:
        async for _ in changes([folder], known, seconds=0.05):
            seen.append(file.read_text())  # noqa: PERF401 - what was seen so far counts

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    text = ""
    for _ in range(20):
        text += "more "
        file.write_text(text)
        await asyncio.sleep(0.01)
    while not seen or seen[-1] != text:  # noqa: ASYNC110 - nobody sets an event for a file
        await asyncio.sleep(0.01)
    watching.cancel()
    assert seen == [text]
