# SPDX-License-Identifier: Apache-2.0
"""A complete installation in one folder: token, KMS, CMK, store, rules, sidecar.

Every part is started through the command line that a user has.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.stores.arcadedb import ArcadeDB

RULES = Path(__file__).with_name("rules.yaml").read_text()


def sidecar(*arguments: str | Path) -> str:
    """Run one `sidecar` command to its end; its standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "sidecar", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"sidecar {arguments[0]} {arguments[1]}: {done.stderr.strip()}"
        raise RuntimeError(message)
    return done.stdout


class Service:
    """A `sidecar` process that prints one JSON line when it is ready."""

    def __init__(self, log: Path, *arguments: str | Path) -> None:
        self.log = log
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sidecar", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=log.open("ab"),
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            message = f"sidecar {arguments[0]} did not start: {log.read_text()[-2000:]}"
            raise RuntimeError(message)
        self.ready: dict[str, Any] = json.loads(line)

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def answers(self) -> bool:
        """Whether anything listens at the endpoint that it announced."""
        url = httpx.URL(self.ready["endpoint"])
        try:
            with socket.create_connection((url.host, url.port or 80), timeout=1):
                return True
        except OSError:
            return False


class Installation:
    """The parts in `work`, once `start` has run through."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.kms_dir = work / "kms"
        self._parts: list[Service | ArcadeDB] = []

    def start(self, rules: str = RULES) -> Iterator[str]:
        """Start part after part; yields what it does next."""
        yield "making a SoftHSM token, a KMS and its first access key (sidecar kms init)"
        sidecar("kms", "init", "--dir", self.kms_dir)
        yield "starting the KMS (sidecar kms serve)"
        self.kms = self._started(
            Service(
                self.work / "kms.log",
                *("kms", "serve", "--dir", self.kms_dir, "--listen", "127.0.0.1:0"),
            )
        )
        yield "creating a CMK in the HSM, and alias/customers for it (CreateKey, CreateAlias)"
        metadata = self.call("CreateKey", "Description=customers of the demo")["KeyMetadata"]
        self.cmk_id = metadata["KeyId"]
        self.call("CreateAlias", f"KeyId={self.cmk_id}", "AliasName=alias/customers")
        yield "starting ArcadeDB, the store"
        self.store = ArcadeDB.start(self.work / "store")
        self._parts.append(self.store)
        yield "writing the rules, and a lookup key for equality search (sidecar rules lookup-key)"
        self.config = self._write_configuration(rules)
        yield "starting the sidecar in front of the store (sidecar run)"
        self.proxy = self._started(Service(self.work / "sidecar.log", "run", "-c", self.config))
        self.url = f"http://{self.proxy.ready['listeners'][0]}"

    def stop(self) -> None:
        for part in reversed(self._parts):
            part.stop()

    def _started(self, service: Service) -> Service:
        self._parts.append(service)
        return service

    def call(self, action: str, *parameters: str) -> dict[str, Any]:
        """Call the KMS API."""
        answer: dict[str, Any] = json.loads(
            sidecar("kms", "call", *self._kms_address(), action, *parameters)
        )
        return answer

    def _kms_address(self) -> tuple[str, ...]:
        credentials = str(self.kms_dir / "credentials.json")
        return ("--credentials", credentials, "--endpoint", self.kms.ready["endpoint"])

    def _write_configuration(self, rules: str) -> Path:
        host = self.store.url.removeprefix("http://")
        lookup = json.loads(
            sidecar(
                *("rules", "lookup-key", "--store", "crm", "--cmk", "alias/customers", "--json"),
                *self._kms_address(),
            )
        )
        (self.work / "rules.yaml").write_text(
            rules.replace("@STORE@", host).replace("@LOOKUP_KEY@", lookup["lookup_key"])
        )
        config = self.work / "sidecar.yaml"
        config.write_text(
            "listeners:\n"
            f"  - {{listen: '127.0.0.1:0', upstream: '{self.store.url}'}}\n"
            "rules: rules.yaml\n"
            "kms:\n"
            f"  endpoint: {self.kms.ready['endpoint']}\n"
            f"  credentials_file: {self.kms_dir / 'credentials.json'}\n"
            "admin: {listen: '127.0.0.1:0'}\n"
        )
        return config

    def who_sealed(self, stored: dict[str, Any]) -> list[tuple[str, str]]:
        """What the envelopes of a stored record say of themselves, and the rule that made them."""
        inspected = json.loads(sidecar("envelope", "inspect", "--json", stored["ssn"]))[0]
        return [
            ("rule", f"customers  ({self.work / 'rules.yaml'})"),
            ("CMK", f"alias/customers = {self.cmk_id}, non-extractable in the HSM"),
            ("key version", inspected["key_version_id"]),
            ("suite", inspected["suite"]),
        ]

    def audit_lines(self) -> list[str]:
        """The KMS's audit trail, a line an event."""
        records = json.loads(sidecar("kms", "audit", "--dir", self.kms_dir, "--json"))["records"]
        return [_audit_line(record) for record in records]


def _audit_line(record: dict[str, Any]) -> str:
    who = record["userIdentity"]["userName"]
    outcome = record["errorCode"] or "ok"
    keys = " ".join(record["referencedResources"].get("ACS::KMS::Key", []))
    return f"{record['eventTime']}  {record['eventName']:<16} {who:<8} {outcome:<6} {keys}"
