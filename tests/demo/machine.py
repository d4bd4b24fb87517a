# SPDX-License-Identifier: Apache-2.0
"""The demo's parts, started for real and ended for sure: KMS, store, sidecar, application.

Every part is a process of its own, started by the commands that a user would type.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from tests.stores.arcadedb import ArcadeDB

HERE = Path(__file__).parent
SIDECAR = (sys.executable, "-m", "sidecar")
APPLICATION = (sys.executable, str(HERE / "application.py"))


class Failed(Exception):
    """A part of the demo did not do its work; the text is what it said."""


class Machine:
    """Everything in one folder; a context that leaves no process behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ends = ExitStack()
        self.kms: dict[str, Any] = {}
        self.sidecar_url = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    # -- the KMS

    @property
    def kms_folder(self) -> Path:
        return self.folder / "kms"

    def make_kms(self) -> dict[str, str]:
        """A token, a database, an account and an access key."""
        made: dict[str, str] = json.loads(
            self._run("kms", "init", "--dir", self.kms_folder, "--json")
        )
        return made

    def start_kms(self) -> None:
        self._kms = self._start("kms", "serve", "--dir", self.kms_folder, "--listen", "127.0.0.1:0")
        self.kms = self._first_line(self._kms)

    def stop_kms(self) -> None:
        self._kms.terminate()
        self._kms.wait(10)

    def call(self, action: str, **parameters: str) -> dict[str, Any]:
        """One signed call to the KMS."""
        words = [f"{name}={value}" for name, value in parameters.items()]
        answer: dict[str, Any] = json.loads(
            self._run(
                *("kms", "call", action, *words, "--dir", self.kms_folder),
                *("--endpoint", self.kms["endpoint"]),
            )
        )
        return answer

    def audit(self) -> list[dict[str, Any]]:
        """The records that the KMS wrote, oldest first."""
        lines = self._run("kms", "audit", "tail", "--dir", self.kms_folder, "--json").splitlines()
        return [json.loads(line) for line in lines]

    # -- store, sidecar, application

    def start_store(self) -> ArcadeDB:
        store = ArcadeDB.start(self.folder / "store")
        self._ends.callback(store.stop)
        return store

    def start_sidecar(self, store: ArcadeDB) -> None:
        address = store.url.removeprefix("http://")
        lookup = json.loads(
            self._run(
                *("rules", "lookup-key", "--cmk", "alias/customers", "--store", "crm", "--json"),
                *("--endpoint", self.kms["endpoint"]),
                *("--credentials", self.kms_folder / "credentials.json"),
            )
        )
        rules = (HERE / "rules.yaml").read_text()
        rules = rules.replace("@STORE@", address).replace("@LOOKUP_KEY@", lookup["lookup_key"])
        (self.folder / "rules.yaml").write_text(rules)
        (self.folder / "sidecar.yaml").write_text(
            "listeners:\n"
            f"  - {{listen: '127.0.0.1:0', upstream: '{store.url}'}}\n"
            "rules: rules.yaml\n"
            f"kms: {{endpoint: '{self.kms['endpoint']}', credentials_file: kms/credentials.json}}\n"
            "admin: {listen: '127.0.0.1:0'}\n"
        )
        started = self._first_line(self._start("run", "-c", self.folder / "sidecar.yaml", "--json"))
        self.sidecar_url = f"http://{started['listeners'][0]}"
        self.admin_url = f"http://{started['admin']}"

    def application(
        self, tenant: str, *words: str, given: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """The unchanged application, told one URL instead of another."""
        return subprocess.run(
            [*APPLICATION, self.sidecar_url, tenant, *words],
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    # -- processes

    def _run(self, *words: object) -> str:
        done = subprocess.run(
            [*SIDECAR, *map(str, words)], capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode:
            raise Failed(f"sidecar {' '.join(map(str, words[:2]))}: {done.stderr.strip()}")
        return done.stdout

    def _start(self, *words: object) -> subprocess.Popen[str]:
        log = self._ends.enter_context((self.folder / f"{words[0]}.log").open("w"))
        process = subprocess.Popen(
            [*SIDECAR, *map(str, words)], stdout=subprocess.PIPE, stderr=log, text=True
        )
        self._ends.callback(self._end, process)
        return process

    def _first_line(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            logs = "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))
            raise Failed(f"a part did not start:\n{logs}")
        started: dict[str, Any] = json.loads(line)
        return started

    @staticmethod
    def _end(process: subprocess.Popen[str]) -> None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
