# SPDX-License-Identifier: Apache-2.0
"""Secrets are read only from files that others cannot open."""

import os
from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.private_file import read_private


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "key.pem"
    path.write_text("CANARY")
    return path


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o640, 0o440])
def test_owner_and_group_may_read(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert read_private(file) == b"CANARY"


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o601, 0o620, 0o610, 0o644, 0o666])
def test_nobody_else_may_and_the_group_may_not_write(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(Misconfigured, match=f"chmod 600 {file}") as caught:
        read_private(file)
    assert "CANARY" not in caught.value.why


def test_a_link_is_judged_by_what_it_leads_to(file: Path, tmp_path: Path) -> None:
    """Kubernetes mounts secrets as links, whose own mode means nothing."""
    link = tmp_path / "link"
    link.symlink_to(file)
    file.chmod(0o600)
    assert read_private(link) == b"CANARY"
    file.chmod(0o644)
    with pytest.raises(Misconfigured):
        read_private(link)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="absent: cannot be read: No such file"):
        read_private(tmp_path / "absent")
    with pytest.raises(Misconfigured, match="cannot be read: Is a directory"):
        read_private(tmp_path)


def test_a_pipe_does_not_hang_the_start(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    with pytest.raises(Misconfigured, match="not a regular file"):
        read_private(pipe)
