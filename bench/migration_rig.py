# SPDX-License-Identifier: Apache-2.0
"""A collection of unsealed customers in a real store, and what migrates it; for bench and tests.

The store is written to directly, as it was before anybody thought of sealing. Every customer has a
version that each writer counts up, so that a write can say which version it knows.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

from tests.demo.installation import Installation
from tests.fixtures.command import carry_out
from tests.stores.arcadedb import AUTH, ArcadeDB

FIELDS = ("name", "ssn", "email", "balance", "notes")
CANARY = "CANARY"
BATCH = 5000

RULES = """\
version: 1
rules:
  - name: customers
    store: {name: crm, kind: rest, hosts: ["@STORE@"]}
    routes: ["/api/v1/command/crm", "/api/v1/query/crm"]
    documents: {request: ["$.params"], response: ["$.result[*]"]}
    require: {"$.command": "[^'\\"]*"}
    cmk: alias/customers
    tenant: {header: X-Tenant-Id}
    record: id
    lookup_keys: ["@LOOKUP_KEY@"]
    phase: migrate
    fields:
      name: sealed
      ssn: sealed
      email: {search: equality, normalize: [trim, lower]}
      balance: sealed
      notes: {seal: json}
"""
READ = "SELECT FROM Customer WHERE id = :id"
LIST = "SELECT FROM Customer WHERE id > :last ORDER BY id LIMIT 500"
WRITE = (
    f"UPDATE Customer SET {', '.join(f'{name} = :{name}' for name in FIELDS)}, "
    "version = version + 1 WHERE id = :id AND version = :version"
)
DESCRIPTION = """\
version: 1
rule: customers
headers: {{Authorization: {{file: store.token}}}}
tenant: {{member: org}}
list:
  request: POST /api/v1/query/crm
  body: '{list}'
  page: {{by: last, member: id, first: '""'}}
read:
  request: POST /api/v1/query/crm
  body: '{read}'
write:
  request: POST /api/v1/command/crm
  body: '{write}'
  changed: "$.result[*].count"
concurrency: {concurrency}
"""


def install(place: Installation, store: ArcadeDB | None = None) -> None:
    """Everything but a proxy: token, KMS, CMK, store, rules and configuration."""
    carry_out("kms", "init", "--dir", place.kms_dir)
    place.start_kms()
    place.make_cmk()
    place.use_store(store)
    place.write_rules(RULES)
    place.write_config()


def customer(number: int) -> dict[str, Any]:
    """A customer as an application that seals nothing wrote it."""
    return {
        "id": f"C-{number:07}",
        "org": "acme" if number % 2 else "globex",
        "city": "London",
        "name": f"Ada {CANARY} {number}",
        "ssn": None if number % 10 == 3 else f"{CANARY}-{number:09}",
        "email": f"ada{number}@{CANARY.lower()}.example",
        "balance": 1500.25 + number,
        "notes": {"vip": True, "said": f"{CANARY} {number}"},
        "version": 1,
    }


def fill(store: ArcadeDB, count: int) -> None:
    """Write `count` customers into the store, past the sidecar."""
    store.sql("CREATE PROPERTY Customer.id IF NOT EXISTS STRING")
    store.sql("CREATE INDEX IF NOT EXISTS ON Customer (id) UNIQUE")
    for first in range(0, count, BATCH):
        rows = [customer(number) for number in range(first, min(first + BATCH, count))]
        store.sql("INSERT INTO Customer CONTENT :rows", rows=rows)


def describe(place: Installation, concurrency: int = 4) -> Path:
    """Write the description of the collection beside the rules; its path."""
    token = place.work / "store.token"
    token.touch(0o600)
    token.write_text(f"Basic {b64encode(':'.join(AUTH).encode()).decode()}\n")
    params = {name: f"{{{name}}}" for name in ("id", *FIELDS)}
    params["version"] = "{stored version}"
    text = DESCRIPTION.format(
        list=json.dumps({"language": "sql", "command": LIST, "params": {"last": "{last}"}}),
        read=json.dumps({"language": "sql", "command": READ, "params": {"id": "{id}"}}),
        write=json.dumps({"language": "sql", "command": WRITE, "params": params}),
        concurrency=concurrency,
    )
    path = place.work / "customers.yaml"
    path.write_text(text)
    return path


class Migration:
    """One `sidecar migrate collection` in a process of its own."""

    def __init__(self, place: Installation, description: Path) -> None:
        self.journal = description.with_suffix(".migrate.journal")
        self.log = place.work / "migrate.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "sidecar", "migrate", "collection", str(description)),
                    *("-c", str(place.config), "--json"),
                ],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def swept(self) -> int:
        """How many records the journal says are done."""
        try:
            *_, last, _ = self.journal.read_text().split("\n")
        except (FileNotFoundError, ValueError):
            return 0
        return sum(json.loads(last).get("counts", {}).get("outcomes", {}).values())

    def kill_at(self, records: int) -> int:
        """SIGKILL once so many records are done; how many were."""
        while self.swept() < records:
            if self.process.poll() is not None:
                raise RuntimeError(f"it ended by itself: {self.log.read_text()[-2000:]}")
            time.sleep(0.005)
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()
        return self.swept()

    def report(self) -> dict[str, Any]:
        """The report, once it has ended."""
        out, _ = self.process.communicate()
        if not out:
            raise RuntimeError(self.log.read_text()[-2000:])
        report: dict[str, Any] = json.loads(out)
        return report | {"exit_code": self.process.returncode}
