# SPDX-License-Identifier: Apache-2.0
"""`make demo`: an unchanged application, a real store, and fields sealed in between.

Exit code 0 when everything held that was claimed, 1 when something did not.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.demo import screen
from tests.demo.installation import Installation

APPLICATION = Path(__file__).with_name("application.py")

CUSTOMER = """{
  "id": "C-1001", "city": "London", "name": "Ada Lovelace", "ssn": "078-05-1120",
  "email": "ada@example.org", "card": "4111 1111 1111 1111", "balance": 1500.10,
  "notes": {"vip": true, "mother's name": "Annabella Milbanke"}
}"""
SECRETS = ("Lovelace", "078-05-1120", "example.org", "4111 1111 1111", "1500.1", "Milbanke")
SECOND = CUSTOMER.replace("C-1001", "C-1002")
STRANGER = CUSTOMER.replace("C-1001", "C-2001").replace("078-05-1120", "219-09-9999")


def main() -> int:
    work = Path(tempfile.mkdtemp(prefix="envelope-sidecar-demo-"))
    place = Installation(work)
    checks = screen.Checks()
    try:
        for what in place.start():
            screen.step(what)
        _tell(place, checks)
    except RuntimeError as error:  # a part did not start; the message says which and why
        print(f"✗ {error}", file=sys.stderr)
        return 1
    finally:
        place.stop()
        shutil.rmtree(work, ignore_errors=True)
    return checks.summary()


def _tell(place: Installation, checks: screen.Checks) -> None:
    screen.step("the application adds a customer, and looks it up by its e-mail address")
    _said(_application(place, "acme", "add", given=CUSTOMER))
    found = _said(_application(place, "acme", "find", "ada@example.org"))
    raw = place.store.query_text("SELECT FROM Customer")
    _side_by_side(found, raw, checks)
    _nothing_plain(place, checks)
    screen.title("Who did it")
    screen.facts(place.who_sealed(place.store.sql("SELECT FROM Customer")[0]))
    screen.title("What the KMS wrote down: its audit trail, chained by hash")
    screen.lines(place.audit_lines())
    screen.title("The KMS stops")
    place.kms.stop()
    _without_kms(place, checks)


def _side_by_side(found: str, raw: str, checks: screen.Checks) -> None:
    sent = screen.lexemes(CUSTOMER)
    stored, read = (screen.lexemes(screen.first_result(text)) for text in (raw, found))
    screen.title("One record, three views")
    screen.table(
        ("field", "the application sent", "the store holds", "the application read back"),
        [(name, sent[name], stored[name], read[name]) for name in sent],
    )
    print()
    same = all(json.loads(read[name]) == json.loads(sent[name]) for name in sent)
    checks.that("the application read back what it had sent", same)
    checks.that("the balance is still written 1500.10", read["balance"] == sent["balance"])


def _nothing_plain(place: Installation, checks: screen.Checks) -> None:
    holding = [path for secret in SECRETS for path in place.store.files_holding(secret.encode())]
    checks.that("no sensitive value stands anywhere in the store's files", not holding)


def _without_kms(place: Installation, checks: screen.Checks) -> None:
    checks.that("the KMS is gone", not place.kms_answers())
    done = _application(place, "acme", "add", given=SECOND)
    checks.that("tenant acme still writes: its data key is cached", not done.returncode)
    done = _application(place, "acme", "get", "C-1002")
    checks.that("tenant acme still reads", "078-05-1120" in done.stdout)
    refused = _application(place, "globex", "add", given=STRANGER)
    checks.that("tenant globex, whose key is not cached, is refused:", bool(refused.returncode))
    screen.lines([refused.stderr.strip()])
    stored = place.store.sql("SELECT id FROM Customer WHERE id = 'C-2001'")
    leaked = place.store.files_holding(b"219-09-9999")
    checks.that("nothing of its record reached the store", not stored and not leaked)
    _nothing_plain(place, checks)


def _application(
    place: Installation, tenant: str, *words: str, given: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the unchanged application, which was told one URL instead of another."""
    return subprocess.run(
        [sys.executable, str(APPLICATION), place.url, tenant, *words],
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _said(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode:
        message = f"the application was told: {done.stderr.strip()}"
        raise RuntimeError(message)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
