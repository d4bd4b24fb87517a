# SPDX-License-Identifier: Apache-2.0
"""The version that held: kept whole, and the owner's alone."""

import os
from pathlib import Path

from sidecar.rules.trust.accepted import Accepted, read_accepted, write_accepted

DIGEST = "ab" * 32


def test_what_was_kept_is_read_back(tmp_path: Path) -> None:
    state = tmp_path / "rules.state"
    assert read_accepted(state) is None
    for version in (1, 10**15):
        write_accepted(state, Accepted(version, DIGEST))
        assert read_accepted(state) == Accepted(version, DIGEST)
    assert list(tmp_path.iterdir()) == [state]
    assert state.stat().st_mode & 0o777 == 0o600


def test_the_rest_of_a_killed_writer_is_swept_away(tmp_path: Path) -> None:
    state = tmp_path / "rules.state"
    (tmp_path / f".rules.state.{os.getpid()}").write_bytes(b"half a li")
    write_accepted(state, Accepted(2, DIGEST))
    assert read_accepted(state) == Accepted(2, DIGEST)
    assert list(tmp_path.iterdir()) == [state]
