# SPDX-License-Identifier: Apache-2.0
"""A KMS core of its own for a benchmark, with one CMK in a SoftHSM token, started as users do."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Self

from bench.rig import cli
from sidecar.keys.providers.kms import KmsProvider
from sidecar.signing import AccessKey

ALIAS = "alias/bench"


class Kms:
    """A running core in the folder `directory`; a context that ends it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def __enter__(self) -> Self:
        cli("kms", "init", "--dir", self._directory)
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "sidecar", "kms", "serve", "--dir", str(self._directory)),
                *("--listen", "127.0.0.1:0"),
            ],
            stdout=subprocess.PIPE,
            stderr=(self._directory / "log").open("ab"),
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError((self._directory / "log").read_text())
        self.endpoint: str = json.loads(line)["endpoint"]
        address = ("--dir", self._directory, "--endpoint", self.endpoint)
        made = json.loads(cli("kms", "call", *address, "CreateKey"))["KeyMetadata"]["KeyId"]
        cli("kms", "call", *address, "CreateAlias", f"KeyId={made}", f"AliasName={ALIAS}")
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        """Let the KMS be gone, at once."""
        with self._process:
            self._process.kill()

    def provider(self) -> KmsProvider:
        """A new client of this KMS."""
        written = json.loads((self._directory / "credentials.json").read_bytes())
        key = AccessKey(written["access_key_id"], written["access_key_secret"])
        return KmsProvider(self.endpoint, written["region"], key)
