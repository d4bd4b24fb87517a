# SPDX-License-Identifier: Apache-2.0
"""The demo, as `make demo` runs it: everything that it claims holds, and it leaves nothing."""

import subprocess
import sys
from pathlib import Path


def test_everything_the_demo_claims_holds(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.demo"],
        cwd=Path(__file__).parents[2],
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT" not in done.stdout
    assert "Everything held" in done.stdout
    assert list(tmp_path.glob("envelope-sidecar-*")) == []
