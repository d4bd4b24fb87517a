# SPDX-License-Identifier: Apache-2.0
"""A folder with a `sidecar.yaml` and rules in it, and `sidecar` processes that work on it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx

RULES = """\
version: 1
rules:
  - name: customers
    store: {name: crm, kind: rest, hosts: ["@STORE@"]}
    routes: ["/customers/{id}"]
    cmk: @CMK@
    record: id
    fields: {ssn: sealed}
"""


def write(folder: Path, store: str, cmk: str, kms: str, more: str = "") -> Path:
    """The configuration of a proxy in front of `store`; `kms` is what stands under that key."""
    rules = RULES.replace("@STORE@", store).replace("@CMK@", cmk)
    (folder / "rules.yaml").write_text(rules)
    config = folder / "sidecar.yaml"
    config.write_text(
        f"listeners: [{{listen: '127.0.0.1:0', upstream: 'http://{store}'}}]\n"
        f"rules: rules.yaml\nkms: {kms}\nadmin: {{listen: '127.0.0.1:0'}}\n{more}"
    )
    return config


def sidecar(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "sidecar", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


class Running:
    """A `sidecar run` that serves; inside the context."""

    def __init__(self, config: Path) -> None:
        self.log = config.with_suffix(".log")
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "sidecar", "run", "-c", str(config)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.log.read_text()
        self.ready: dict[str, Any] = json.loads(line)
        self.url = f"http://{self.ready['listeners'][0]}"
        self.admin = f"http://{self.ready['admin']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.wait()

    def readiness(self) -> dict[str, Any]:
        """What /readyz tells."""
        told: dict[str, Any] = httpx.get(f"{self.admin}/readyz").json()
        return told

    def workers(self) -> list[int]:
        """The process ids of the workers that serve."""
        pids: list[int] = self.readiness()["workers"]["serving"]
        return pids

    def metric(self, line: str) -> float:
        """The number of one line of /metrics, which begins with `line`."""
        text = httpx.get(f"{self.admin}/metrics").text
        found = [each for each in text.splitlines() if each.startswith(f"{line} ")]
        return float(found[0].rpartition(" ")[2])

    def wait(self) -> int:
        """The exit code, once it has ended."""
        self.process.communicate(timeout=30)
        return self.process.returncode


class Serving:
    """A `sidecar kms serve` of `directory`; inside the context, its endpoint."""

    def __init__(self, directory: Path) -> None:
        command = ["kms", "serve", "--dir", str(directory), "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sidecar", *command], stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> str:
        assert self.process.stdout is not None
        endpoint: str = json.loads(self.process.stdout.readline())["endpoint"]
        return endpoint

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.communicate(timeout=30)


def until(condition: Callable[[], bool]) -> None:
    """Ask again and again; each question is an answer's wait long, and the test has its limit."""
    while not condition():
        pass


def is_gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
