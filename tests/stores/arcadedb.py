# SPDX-License-Identifier: Apache-2.0
"""ArcadeDB as a real store: the server in a process of its own, and the calls to look inside it.

`ArcadeDB.start(directory)` runs this file as a child that serves HTTP on a free loopback port and
ends when its standard input closes, so that no server outlives a test. By hand:

    python -m tests.stores.arcadedb DIRECTORY [PORT]
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

PASSWORD = "playwithdata"
AUTH = ("root", PASSWORD)


@dataclass
class ArcadeDB:
    """A running server with one database."""

    url: str
    directory: Path
    process: subprocess.Popen[str]
    database: str = "crm"

    @classmethod
    def start(cls, directory: Path) -> ArcadeDB:
        directory.mkdir(parents=True, exist_ok=True)
        with (directory / "server.log").open("w") as log:
            process = subprocess.Popen(
                [sys.executable, __file__, str(directory)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=directory,  # the server writes its log into the folder that it is started in
                env={**os.environ, "PYTHONWARNINGS": "ignore"},
            )
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith('{"port"'):
                url = f"http://127.0.0.1:{json.loads(line)['port']}"
                return cls(url, directory, process)
        message = f"ArcadeDB did not start: {(directory / 'server.log').read_text()[-2000:]}"
        raise RuntimeError(message)

    def sql(self, command: str, **params: Any) -> list[dict[str, Any]]:
        """Run one statement directly at the store, past the sidecar."""
        result: list[dict[str, Any]] = json.loads(self.query_text(command, **params))["result"]
        return result

    def query_text(self, command: str, **params: Any) -> str:
        """The store's answer to a statement, as the text it sends."""
        answer = httpx.post(
            f"{self.url}/api/v1/command/{self.database}",
            json={"language": "sql", "command": command, "params": params},
            auth=AUTH,
            timeout=30,
        )
        answer.raise_for_status()
        return answer.text

    def files_holding(self, needle: bytes) -> list[Path]:
        """The files of the store's directory that contain `needle`."""
        files = (path for path in sorted(self.directory.rglob("*")) if path.is_file())
        return [path for path in files if needle in path.read_bytes()]

    def stop(self) -> None:
        try:
            self.process.communicate(timeout=20)  # closes its standard input: it ends
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()


def _serve(directory: Path, port: int) -> None:
    import arcadedb_embedded  # noqa: PLC0415 - only the child pays for the JVM

    server = arcadedb_embedded.create_server(
        str(directory / "data"),
        root_password=PASSWORD,
        config={"http_port": port, "host": "127.0.0.1"},
    )
    server.start()
    url = f"http://127.0.0.1:{port}/api/v1"
    for path, command in (
        ("server", {"command": "create database crm"}),
        ("command/crm", {"language": "sql", "command": "CREATE DOCUMENT TYPE Customer"}),
    ):
        httpx.post(f"{url}/{path}", json=command, auth=AUTH, timeout=60).raise_for_status()
    print(json.dumps({"port": port}), flush=True)
    sys.stdin.read()
    server.stop()
    os._exit(0)  # the JVM's own threads must not keep the child alive


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else _free_port())
