# SPDX-License-Identifier: Apache-2.0
"""A folder with a `sidecar.yaml` and rules in it, and `sidecar` processes that work on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx

from tests.fixtures.command import Service

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


class Running(Service):
    """A `sidecar run` that serves; inside the context."""

    def __init__(self, config: Path) -> None:
        log = config.with_suffix(".log")
        log.unlink(missing_ok=True)  # of one that ran before
        super().__init__(log, "run", "-c", config)
        self.url = f"http://{self.ready['listeners'][0]}"
        self.admin = f"http://{self.ready['admin']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

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
