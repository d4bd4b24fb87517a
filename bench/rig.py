# SPDX-License-Identifier: Apache-2.0
"""The parts that the benchmarks of the proxy start: KMS, origin, sidecar, baseline, load.

The proxy that is timed has core 0 for itself; origin and load share core 1, where together they
manage several times what any proxy here does.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import httpx

from bench.kms import Kms, pinned

PROXY_CORE = 0
OTHER_CORE = 1
BENCH = Path(__file__).parent

RULES = """\
version: 1
rules:
  - name: customers
    store: {{name: crm, kind: rest, hosts: ["127.0.0.1:{port}"]}}
    routes: ["/customers", "/customers/{{id}}"]
    cmk: alias/bench
    record: id
    fields: {{ssn: sealed, email: sealed, phone: sealed}}
"""
CONFIG = """\
listeners:
  - {{listen: "127.0.0.1:0", upstream: "http://127.0.0.1:{port}"}}
rules: rules.yaml
kms: {{endpoint: "{endpoint}", credentials_file: kms/sidecar.json}}
workers: {workers}
admin: {{listen: "127.0.0.1:0"}}
"""


def document(length: int = 1024) -> bytes:
    """A customer of about `length` bytes with three fields to seal."""
    customer = {
        "id": "C-1001",
        "name": "Ada Lovelace",
        "ssn": "078-05-1120",
        "email": "ada@example.org",
        "phone": "+44 20 7946 0958",
        "tags": ["mathematics", "engines"],
        "visits": [{"at": "2026-01-01T00:00:00Z", "page": "/notes"}] * 8,
        "about": "",
    }
    customer["about"] = "x" * (length - len(json.dumps(customer)))
    return json.dumps(customer).encode()


NUMBERED = "X-Request-Id: 0000000000000000\r\n"
"""A field by which no two heads of a load are the same (`load.py`)."""


def write_request(path: str = "/customers", more: str = "") -> bytes:
    """A POST of one customer, with `more` field lines."""
    body = document()
    return (
        f"POST {path} HTTP/1.1\r\nHost: crm\r\nContent-Type: application/json\r\n{more}"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def read_request(path: str = "/customers/C-1001", more: str = "") -> bytes:
    """A GET of it."""
    head = f"GET {path} HTTP/1.1\r\nHost: crm\r\nAccept: application/json\r\n{more}\r\n"
    return head.encode()


class Rig:
    """The running parts; a context that ends them all."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.load_core: int | None = OTHER_CORE
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        self.origin = int(self._start(OTHER_CORE, str(BENCH / "origin.py")))
        self.origin_pid = self._last.pid
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def start_sidecar(self, workers: int = 1, core: int | None = PROXY_CORE) -> None:
        """A KMS with a CMK, and the sidecar in front of the origin; sets `sidecar` to its port.

        Without `core` it runs on every core that there is.
        """
        self._core = core
        kms = self._ends.enter_context(Kms(self.work / "kms", OTHER_CORE))
        (self.work / "rules.yaml").write_text(RULES.format(port=self.origin))
        config = CONFIG.format(port=self.origin, endpoint=kms.endpoint, workers=workers)
        (self.work / "sidecar.yaml").write_text(config)
        self.seconds_to_ready = self._run_sidecar()

    def restart_sidecar(self) -> float:
        """End the sidecar and start it again; the seconds from its command to its ready line."""
        _end(self._sidecar)
        return self._run_sidecar()

    @property
    def supervisor_pid(self) -> int:
        return self._sidecar.pid

    def readiness(self) -> dict[str, Any]:
        """What /readyz tells."""
        told: dict[str, Any] = httpx.get(f"http://{self._admin}/readyz").json()
        return told

    def metric(self, name: str) -> float:
        """The sum of one metric over its labels."""
        text = httpx.get(f"http://{self._admin}/metrics").text
        found = [line for line in text.splitlines() if line.startswith((f"{name}{{", f"{name} "))]
        return sum(float(line.rpartition(" ")[2]) for line in found)

    def worker_pids(self) -> list[int]:
        """The processes that serve."""
        pids: list[int] = self.readiness()["workers"]["serving"]
        return pids

    def _run_sidecar(self) -> float:
        began = time.perf_counter()
        config = self.work / "sidecar.yaml"
        ready = json.loads(self._start(self._core, "-m", "sidecar", "run", "-c", config))
        took = time.perf_counter() - began
        self.sidecar = int(ready["listeners"][0].rpartition(":")[2])
        self._admin: str = ready["admin"]
        self._sidecar = self._last
        return took

    def start_baseline(self) -> None:
        """Stock mitmdump with the straightforward addon; sets `baseline` to its port."""
        self.baseline = _free_port()
        mitmdump = Path(sys.executable).with_name("mitmdump")
        self._spawn(
            *(PROXY_CORE, str(mitmdump), "--quiet", "--scripts", BENCH / "baseline.py"),
            *("--mode", f"reverse:http://127.0.0.1:{self.origin}"),
            *("--listen-host", "127.0.0.1", "--listen-port", self.baseline),
            *("--set", f"confdir={self.work / 'mitmproxy'}"),
        )
        _await_port(self.baseline)

    def load(
        self, port: int, request: bytes, seconds: float, connections: int = 16, rate: float = 0.0
    ) -> dict[str, float]:
        """Ask for `seconds`; raise when any answer was not a success."""
        words = [str(port), str(connections), str(seconds), *([str(rate)] if rate else [])]
        done = subprocess.run(
            pinned(self.load_core, sys.executable, BENCH / "load.py", *words),
            input=request,
            capture_output=True,
            check=True,
        )
        figures: dict[str, float] = json.loads(done.stdout)
        if figures["failed"]:
            message = f"{figures['failed']:.0f} of {figures['requests']:.0f} requests failed"
            raise RuntimeError(message)
        return figures

    def rss(self, pid: int) -> float:
        """Resident memory of a process, in MB."""
        status = Path(f"/proc/{pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def _start(self, core: int | None, *words: object) -> str:
        """Start a Python child; its first line of output."""
        process = self._spawn(core, sys.executable, *words)
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            message = f"{words[-1]} did not start:\n{(self.work / 'log').read_text()}"
            raise RuntimeError(message)
        return line

    def _spawn(self, core: int | None, *words: object) -> subprocess.Popen[str]:
        log = self._ends.enter_context((self.work / "log").open("a"))
        process = subprocess.Popen(
            pinned(core, *words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        self._last = process
        self._ends.callback(_end, process)
        return process


def _end(process: subprocess.Popen[Any]) -> None:
    with process:  # which closes its pipes
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_port(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    message = f"nothing listens on port {port}"
    raise RuntimeError(message)
