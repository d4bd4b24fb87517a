# SPDX-License-Identifier: Apache-2.0
"""The version that held: kept whole, and the owner's alone."""

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
