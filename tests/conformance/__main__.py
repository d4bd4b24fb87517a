# SPDX-License-Identifier: Apache-2.0
"""`python -m tests.conformance`: what each action does with each SDK, as a table.

`pass`: every story that calls it came out; `-`: this SDK is older than the action, and no story
tells it; `FAIL` otherwise. `--node` installs the SDKs for Node by npm, into a temporary folder, and
runs them too. Exit code 1 where an action fails with an SDK that has it, or no story tells it.
"""

import argparse
import contextlib
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sidecar.kms.api.actions import ACTIONS
from tests.conformance.tally import Tally

STORIES = (
    "tests/kms/test_sdks.py",
    "tests/kms/test_sdks_keys.py",
    "tests/kms/test_sdks_crypto.py",
    "tests/kms/test_certificate_actions.py",
)
"""The files whose stories are told through `tests.kms.sdks.SDKS`, one a family of actions."""
NODE = Path(__file__).parent / "node"


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    options.add_argument("--node", action="store_true", help="the SDKs for Node as well")
    options.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = options.parse_args()
    said = io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        tally = Tally(_install(Path(folder)) if chosen.node else None)
        with contextlib.redirect_stdout(said):
            pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", *STORIES], plugins=[tally])
    actions = sorted(ACTIONS)
    is_good = tally.is_good(actions)
    if chosen.json:
        marks = {action: {sdk: tally.mark(action, sdk) for sdk in tally.sdks} for action in actions}
        print(json.dumps({"good": is_good, "actions": marks, "problems": tally.problems}, indent=2))
    else:
        print(tally.table(actions))
        print("\n".join(("", *tally.problems)))
    if not is_good:
        print(said.getvalue()[-8000:], file=sys.stderr)
    return 0 if is_good else 1


def _install(folder: Path) -> Path:
    """The packages of the lock file, below `folder`."""
    for name in ("package.json", "package-lock.json"):
        (folder / name).write_bytes((NODE / name).read_bytes())
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(npm, cwd=folder, check=True, timeout=300)
    return folder / "node_modules"


if __name__ == "__main__":
    sys.exit(main())
