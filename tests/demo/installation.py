# SPDX-License-Identifier: Apache-2.0
"""A complete installation in one folder: token, KMS, CMK, store, rules, sidecar.

Every part is started through the command line that a user has.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.fixtures.command import Service, carry_out
from tests.stores.arcadedb import ArcadeDB

RULES = Path(__file__).with_name("rules.yaml").read_text()


class Installation:
    """The parts in `work`, once `start` has run through.

    `kms_endpoint` is where the sidecar looks for the KMS: the KMS itself, unless a test puts
    something between the two before `start_proxy`.
    """

    def __init__(self, work: Path) -> None:
        self.work = work
        self.kms_dir = work / "kms"
        self.config = work / "sidecar.yaml"
        self._parts: list[Service | ArcadeDB] = []

    def start(self, store: ArcadeDB | None = None, rules: str = RULES) -> Iterator[str]:
        """Start part after part, a store only where none is given; yields what it does next."""
        yield "making a SoftHSM token, a KMS and its first access key (sidecar kms init)"
        carry_out("kms", "init", "--dir", self.kms_dir)
        yield "starting the KMS (sidecar kms serve)"
        self.start_kms()
        yield "creating a CMK in the HSM, and alias/customers for it (CreateKey, CreateAlias)"
        self.make_cmk()
        if store is None:
            yield "starting ArcadeDB, the store"
        self.use_store(store)
        yield "writing the rules, and a lookup key for equality search (sidecar rules lookup-key)"
        self.write_rules(rules)
        yield "starting the sidecar in front of the store (sidecar run)"
        self.start_proxy()

    def start_kms(self, listen: str = "127.0.0.1:0") -> None:
        service = Service(
            self.work / "kms.log", "kms", "serve", "--dir", self.kms_dir, "--listen", listen
        )
        self._parts.append(service)
        self.kms = service
        self.kms_endpoint = service.ready["endpoint"]

    def kms_answers(self) -> bool:
        """Whether anything listens at the endpoint of the KMS."""
        url = httpx.URL(self.kms.ready["endpoint"])
        try:
            with socket.create_connection((url.host, url.port or 80), timeout=1):
                return True
        except OSError:
            return False

    def make_cmk(self) -> None:
        metadata = self.call("CreateKey", "Description=customers of the demo")["KeyMetadata"]
        self.cmk_id = metadata["KeyId"]
        self.call("CreateAlias", f"KeyId={self.cmk_id}", "AliasName=alias/customers")

    def use_store(self, store: ArcadeDB | None = None) -> None:
        """Take `store`, or one of its own."""
        if store is None:
            store = ArcadeDB.start(self.work / "store")
            self._parts.append(store)
        self.store = store

    def write_rules(self, rules: str) -> None:
        """Write `rules` with this store's address, and a lookup key, in their places."""
        lookup = json.loads(
            carry_out(
                *("rules", "lookup-key", "--store", "crm", "--cmk", "alias/customers", "--json"),
                *self._kms_address(),
            )
        )
        rules = rules.replace("@STORE@", self.store.url.removeprefix("http://"))
        rules = rules.replace("@LOOKUP_KEY@", lookup["lookup_key"])
        (self.work / "rules.yaml").write_text(rules)

    def write_config(self) -> None:
        """Write the sidecar's configuration, with the addresses of store and KMS."""
        self.config.write_text(
            "listeners:\n"
            f"  - {{listen: '127.0.0.1:0', upstream: '{self.store.url}'}}\n"
            "rules: rules.yaml\n"
            "kms:\n"
            f"  endpoint: {self.kms_endpoint}\n"
            f"  credentials_file: {self.kms_dir / 'sidecar.json'}\n"
            "admin: {listen: '127.0.0.1:0'}\n"
            "limits: {keys: 2s}\n"
            "workers: 1\n"  # each has keys of its own, and what is cached is told here
        )

    def start_proxy(self) -> None:
        self.write_config()
        self.proxy = Service(self.work / "sidecar.log", "run", "-c", self.config)
        self._parts.append(self.proxy)
        self.url = f"http://{self.proxy.ready['listeners'][0]}"

    def stop(self) -> None:
        for part in reversed(self._parts):
            part.stop()

    def call(self, action: str, *parameters: str) -> dict[str, Any]:
        """Call the KMS API."""
        answer: dict[str, Any] = json.loads(
            carry_out("kms", "call", *self._kms_address(), action, *parameters)
        )
        return answer

    def _kms_address(self) -> tuple[str, ...]:
        credentials = str(self.kms_dir / "credentials.json")
        return ("--credentials", credentials, "--endpoint", self.kms.ready["endpoint"])

    def who_sealed(self, stored: dict[str, Any]) -> list[tuple[str, str]]:
        """What the envelopes of a stored record say of themselves, and the rule that made them."""
        inspected = json.loads(carry_out("envelope", "inspect", "--json", stored["ssn"]))[0]
        return [
            ("rule", "customers  (tests/demo/rules.yaml)"),
            ("CMK", f"{self.cmk_id}  (alias/customers; non-extractable, in the HSM)"),
            ("key version", inspected["cmk_version"]),
            ("suite", inspected["suite_name"]),
        ]

    def audit_lines(self) -> list[str]:
        """The KMS's audit trail, a line an event."""
        trail = json.loads(carry_out("kms", "audit", "tail", "--dir", self.kms_dir, "--json"))
        calls = [record for record in trail["records"] if record["eventType"] == "ApiCall"]
        return [_audit_line(record) for record in calls]


def _audit_line(record: dict[str, Any]) -> str:
    who = record["userIdentity"]["userName"]
    outcome = record.get("errorCode", "ok")
    context = record.get("requestParameters", {}).get("EncryptionContext", "")
    line = f"{record['eventTime']}  {record['eventName']:<31}  {who:<7}  {outcome}  {context}"
    return line.rstrip()
