# SPDX-License-Identifier: Apache-2.0
"""`make demo`: an unchanged application, a real store, and fields sealed in between.

Exit code 0 when everything happened as printed, 1 when some part of it did not.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sidecar import envelope
from tests.demo.machine import Failed, Machine
from tests.stores.arcadedb import ArcadeDB

CUSTOMER = """{
  "id": "C-1001", "name": "Ada Lovelace", "city": "London",
  "ssn": "078-05-1120", "email": "ada@example.org", "card": "4111 1111 1111 1111",
  "credit_limit": 1500.10, "notes": {"vip": true, "mother's maiden name": "Milbanke"}
}"""
SECRETS = ("078-05-1120", "example.org", "4111 1111 1111", "1500.1", "Milbanke")
STRANGER = """{"id": "C-2001", "name": "Grace Hopper", "city": "New York", "ssn": "219-09-9999",
  "email": "grace@navy.mil", "card": "5500 0000 0000 0004", "credit_limit": 9, "notes": {}}"""
STRANGERS_SSN = "219-09-9999"

BOLD, DIM, GREEN, RED, PLAIN = (
    ("\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m") if sys.stdout.isatty() else ("",) * 5
)
_started = time.monotonic()


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="envelope-sidecar-demo-"))
    try:
        with Machine(folder) as machine:
            _tell(machine)
    except Failed as failure:
        print(f"{RED}{failure}{PLAIN}", file=sys.stderr)
        sys.exit(1)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\n{DIM}Cleaned up. {time.monotonic() - _started:.0f} s.{PLAIN}")


def _tell(machine: Machine) -> None:
    _step("making a SoftHSM token, a KMS and its first access key")
    machine.make_kms()
    machine.start_kms()
    _step("making a CMK inside the token: alias/customers")
    cmk = machine.call("CreateKey", Description="customers of the CRM")["KeyMetadata"]
    machine.call("CreateAlias", AliasName="alias/customers", KeyId=cmk["KeyId"])
    _step("starting ArcadeDB, a real database with an HTTP API")
    store = machine.start_store()
    _step("starting the sidecar in front of it")
    machine.start_sidecar(store)
    _step("running the application: it adds a customer and looks it up by e-mail address")
    _application(machine, "acme", "add", given=CUSTOMER)
    found = _application(machine, "acme", "find", "ada@example.org")
    raw = store.sql("SELECT FROM Customer")[0]
    _side_by_side(raw, found)
    _prove_nothing_plain(store, SECRETS)
    _which_key(machine, cmk, raw)
    _audit(machine)
    _without_kms(machine, store)


def _application(machine: Machine, tenant: str, *words: str, given: str | None = None) -> str:
    done = machine.application(tenant, *words, given=given)
    if done.returncode:
        raise Failed(f"the application was told: {done.stderr.strip()}")
    return done.stdout


def _side_by_side(raw: dict[str, Any], found: str) -> None:
    sent = json.loads(CUSTOMER, parse_float=str)  # as text, so that 1500.10 is shown as written
    read = json.loads(found)
    widths = (13, 27, 31, 27)
    _headline("One record, three views")
    print(BOLD + _row(("field", "the application sent", "the store holds", "it read back"), widths))
    print(PLAIN + DIM + "─" * (sum(widths) + 3 * (len(widths) - 1)) + PLAIN)
    for name, value in sent.items():
        same = "" if read.get(name) == value else RED
        print(
            same + _row((name, _show(value), _show(raw[name]), _show(read[name])), widths) + PLAIN
        )
    if read != sent:
        raise Failed("the application did not read back what it sent")


def _show(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _row(cells: tuple[str, ...], widths: tuple[int, ...]) -> str:
    fitted = (
        f"{cell[: width - 1]}…" if len(cell) > width else cell.ljust(width)
        for cell, width in zip(cells, widths, strict=True)
    )
    return "   ".join(fitted).rstrip()


def _prove_nothing_plain(store: ArcadeDB, secrets: tuple[str, ...]) -> None:
    for secret in secrets:
        if files := store.files_holding(secret.encode()):
            raise Failed(f"{files[0].name} of the store holds a plain value")
    print(f"\n{GREEN}✓{PLAIN} none of the sensitive values stands anywhere in the store's files")


def _which_key(machine: Machine, cmk: dict[str, Any], raw: dict[str, Any]) -> None:
    sealed = envelope.parse(envelope.from_text(raw["ssn"]))
    version = sealed.key.value[:36].decode("ascii")
    _headline("Who did it")
    print(f"rule          customers  (phase enforce, tenant acme, record {raw['id']})")
    print(f"CMK           {cmk['KeyId']}  (alias/customers, {cmk['ProtectionLevel']})")
    print(f"key version   {version}  (read from the envelope)")
    print(f"suite         {envelope.SUITES[sealed.suite].name}")


def _audit(machine: Machine) -> None:
    _headline("What the KMS wrote down (ActionTrail, chained by hash)")
    for record in machine.audit():
        who, said = record["userIdentity"]["userName"], record["errorCode"] or "ok"
        context = record["requestParameters"].get("EncryptionContext", "")
        print(
            f"{record['eventTime']}  {who}  {record['eventName']:<32}{said}  {DIM}{context}{PLAIN}"
        )


def _without_kms(machine: Machine, store: ArcadeDB) -> None:
    _headline("The KMS stops")
    machine.stop_kms()
    second = json.dumps(json.loads(CUSTOMER) | {"id": "C-1002"})
    _application(machine, "acme", "add", given=second)
    _application(machine, "acme", "get", "C-1002")
    print(f"{GREEN}✓{PLAIN} tenant acme    writes and reads on: its data key is cached")
    refused = machine.application("globex", "add", given=STRANGER)
    if not refused.returncode:
        raise Failed("a tenant without a key was served")
    print(f"{GREEN}✓{PLAIN} tenant globex  is refused, because no key can be had for it now:")
    print(f"  {DIM}{refused.stderr.strip()}{PLAIN}")
    if len(store.sql("SELECT FROM Customer")) != len(("C-1001", "C-1002")):
        raise Failed("the refused record reached the store")
    _prove_nothing_plain(store, (*SECRETS, STRANGERS_SSN))


def _step(what: str) -> None:
    print(f"{DIM}[{time.monotonic() - _started:4.1f} s] {what}{PLAIN}", flush=True)


def _headline(text: str) -> None:
    print(f"\n{BOLD}{text}{PLAIN}")


if __name__ == "__main__":
    main()
