# SPDX-License-Identifier: Apache-2.0
"""`python -m tests.conformance`: what each action does with each SDK, a table an API.

`pass`: every story that calls it came out; `-`: this SDK is older than the action, and no story
tells it; `FAIL` otherwise. `--node` installs the SDKs for Node by npm, into a temporary folder, and
runs them too. `--clients` installs the vendor's encryption SDK and transfer client by uv, and runs
them. Exit code 1 where an action fails with an SDK that has it, or no story tells it.
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

from tests.conformance.families import FAMILIES
from tests.conformance.tally import Tally

NODE = Path(__file__).parent / "node"


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    options.add_argument("--node", action="store_true", help="the SDKs for Node as well")
    options.add_argument("--clients", action="store_true", help="whole clients as well")
    options.add_argument("--json", action="store_true", help="print one JSON object")
    chosen = options.parse_args()
    said = io.StringIO()
    stories = [story for family in FAMILIES for story in family.stories]
    with tempfile.TemporaryDirectory() as folder:
        tally = Tally(_install(Path(folder)) if chosen.node else None)
        with contextlib.redirect_stdout(said):
            pytest.main(["-q", "--no-header", "-p", "no:cacheprovider", *stories], plugins=[tally])
    clients = _run_clients() if chosen.clients else {}
    is_good = tally.is_good() and not any(clients.values())
    if chosen.json:
        told = {family.product.name: tally.marks_of(family) for family in FAMILIES}
        good = {"good": is_good, "actions": told, "problems": tally.problems, "clients": clients}
        print(json.dumps(good, indent=2))
    else:
        print("\n\n".join(tally.table(family) for family in FAMILIES))
        print("\n".join(("", *tally.problems)))
        for client, problem in clients.items():
            print(f"{client}  {f'FAIL: {problem}' if problem else 'pass'}")
    if not is_good:
        print(said.getvalue()[-8000:], file=sys.stderr)
    return 0 if is_good else 1


def _run_clients() -> dict[str, str]:
    from tests.conformance import clients  # noqa: PLC0415 - pytest has loaded the fixtures by now

    return clients.run()


def _install(folder: Path) -> Path:
    """The packages of the lock file, below `folder`."""
    for name in ("package.json", "package-lock.json"):
        (folder / name).write_bytes((NODE / name).read_bytes())
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    subprocess.run(npm, cwd=folder, check=True, timeout=600)
    return folder / "node_modules"


if __name__ == "__main__":
    sys.exit(main())
