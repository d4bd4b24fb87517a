# SPDX-License-Identifier: Apache-2.0
"""A KMS core of its own for a benchmark, with one CMK in a SoftHSM token, started as users do."""

import json
import os
from pathlib import Path
from typing import Any, Self

from sidecar.keys.providers.kms import KmsProvider
from sidecar.signing import AccessKey
from tests.fixtures.command import SIDECAR, Service, carry_out

ALIAS = "alias/bench"


class Kms:
    """A running core in the folder `directory`, on one core of the machine where that is given."""

    def __init__(self, directory: Path, core: int | None = None) -> None:
        self.directory = directory
        self._core = core

    def __enter__(self) -> Self:
        carry_out("kms", "init", "--dir", self.directory)
        self.start()
        made = self.call("CreateKey")["KeyMetadata"]["KeyId"]
        self.call("CreateAlias", KeyId=made, AliasName=ALIAS)
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        serve = ("kms", "serve", "--dir", self.directory, "--listen", "127.0.0.1:0")
        command = pinned(self._core, *SIDECAR)
        self._service = Service(self.directory / "log", *serve, command=command)
        self.endpoint: str = self._service.ready["endpoint"]

    def call(self, action: str, **parameters: str) -> dict[str, Any]:
        """One call as the administrator; its answer."""
        address = ("--dir", self.directory, "--endpoint", self.endpoint)
        words = [f"{name}={value}" for name, value in parameters.items()]
        answer: dict[str, Any] = json.loads(carry_out("kms", "call", *address, action, *words))
        return answer

    def stop(self) -> None:
        """Let it end in its own time."""
        self._service.stop()

    def kill(self) -> None:
        """Let the KMS be gone, at once."""
        self._service.kill()

    def cpu_seconds(self) -> float:
        """What its process has spent: other than rates, no neighbour on the machine changes it."""
        return cpu_seconds(self._service.pid)

    def provider(self) -> KmsProvider:
        """A new client of this KMS."""
        written = json.loads((self.directory / "credentials.json").read_bytes())
        key = AccessKey(written["access_key_id"], written["access_key_secret"])
        return KmsProvider(self.endpoint, written["region"], key)


def cpu_seconds(*pids: int) -> float:
    """CPU time that processes have taken."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])  # proc(5): utime, stime
    return ticks / os.sysconf("SC_CLK_TCK")


def pinned(core: int | None, *words: object) -> list[str]:
    """The command that runs `words` on one core, where one is given and there are several."""
    many = core is not None and len(os.sched_getaffinity(0)) > 1
    return [*(("taskset", "--cpu-list", str(core)) if many else ()), *map(str, words)]
