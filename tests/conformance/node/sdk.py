# SPDX-License-Identifier: Apache-2.0
"""One SDK for Node in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from sidecar.signing import AccessKey
from tests.fixtures.kms import RunningKms
from tests.kms.sdks import Answer, SdkRefused

HERE = Path(__file__).parent
SDKS = {
    "node, V1": "kms20160120",
    "node, typed": "typed",
    "node, ACS3": "openapi-client",
    "node, pop-core": "pop-core, POST",
    "node, pop-core GET": "pop-core, GET",
}
"""How a table calls them, and how the bridge does. The first two have an action a method, and not
all of them; the others take any action."""


class SdkLacksActionError(Exception):
    """This SDK is older than the action, or than one of its parameters."""


class NodeSdk:
    """One of `SDKS`, until it is closed."""

    def __init__(
        self, modules: Path, name: str, version: str, kms: RunningKms, key: AccessKey
    ) -> None:
        self._process = subprocess.Popen(
            ["node", HERE / "bridge.js"],
            env={**os.environ, "NODE_PATH": str(modules), "NODE_EXTRA_CA_CERTS": str(kms.ca or "")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        start = {
            "sdk": SDKS[name],
            "version": version,
            "endpoint": kms.address,
            "protocol": "https" if kms.ca else "http",
            "region": kms.region,
            "id": key.id,
            "secret": key.secret,
            "token": key.token or "",
        }
        self._say(start)

    def close(self) -> None:
        self._process.communicate(timeout=30)

    def call(self, action: str, **parameters: object) -> Answer:
        """The answer; raise SdkRefused, or SdkLacksActionError."""
        self._say({"action": action, "parameters": parameters})
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process of the SDK has ended")
        said: dict[str, Any] = json.loads(line)
        if "refused" in said:
            raise SdkRefused(**said["refused"])
        if "absent" in said:
            raise SdkLacksActionError(action)
        if "failed" in said:
            raise RuntimeError(said["failed"])
        answer: Answer = said["answer"]
        return answer

    def _say(self, what: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
