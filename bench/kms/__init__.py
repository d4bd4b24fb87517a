# SPDX-License-Identifier: Apache-2.0
"""A KMS core of its own for a benchmark, with one CMK in a SoftHSM token, started as users do."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from sidecar.keys.providers.kms import KmsProvider
from sidecar.signing import AccessKey

ALIAS = "alias/bench"


class Kms:
    """A running core in the folder `directory`, on one core of the machine where that is given."""

    def __init__(self, directory: Path, core: int | None = None) -> None:
        self.directory = directory
        self._core = core

    def __enter__(self) -> Self:
        cli("kms", "init", "--dir", self.directory)
        self.start()
        made = self.call("CreateKey")["KeyMetadata"]["KeyId"]
        self.call("CreateAlias", KeyId=made, AliasName=ALIAS)
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        serve = ("kms", "serve", "--dir", self.directory, "--listen", "127.0.0.1:0")
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                pinned(self._core, sys.executable, "-m", "sidecar", *serve),
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError((self.directory / "log").read_text())
        self.endpoint: str = json.loads(line)["endpoint"]

    def call(self, action: str, **parameters: str) -> dict[str, Any]:
        """One call as the administrator; its answer."""
        address = ("--dir", self.directory, "--endpoint", self.endpoint)
        words = [f"{name}={value}" for name, value in parameters.items()]
        answer: dict[str, Any] = json.loads(cli("kms", "call", *address, action, *words))
        return answer

    def stop(self) -> None:
        """Let it end in its own time."""
        with self._process:
            self._process.terminate()

    def kill(self) -> None:
        """Let the KMS be gone, at once."""
        with self._process:
            self._process.kill()

    def provider(self) -> KmsProvider:
        """A new client of this KMS."""
        written = json.loads((self.directory / "credentials.json").read_bytes())
        key = AccessKey(written["access_key_id"], written["access_key_secret"])
        return KmsProvider(self.endpoint, written["region"], key)


def cli(*words: object) -> str:
    """Run one `sidecar` command to its end; its standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "sidecar", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def pinned(core: int | None, *words: object) -> list[str]:
    """The command that runs `words` on one core, where one is given and there are several."""
    many = core is not None and len(os.sched_getaffinity(0)) > 1
    return [*(("taskset", "--cpu-list", str(core)) if many else ()), *map(str, words)]
