# SPDX-License-Identifier: Apache-2.0
"""One canary goes through everything, well and badly, and is searched everywhere."""

import json
from pathlib import Path

import httpx

from tests.demo.installation import Installation
from tests.e2e.conftest import Application

CANARY = "CANARY-9f86d081"


def test_the_canary_stands_nowhere(installation: Installation, application: Application) -> None:
    _write_and_read(application)
    _send_what_is_refused(application)
    _search_by_get(application)
    installation.kms.stop()
    application.write({"id": "c9", "ssn": f"{CANARY}-uncached"}, tenant="uncached")
    metrics = httpx.get(f"http://{installation.proxy.ready['admin']}/metrics").text
    assert "sidecar_" in metrics
    installation.proxy.stop()
    holding = [path for path in _files(installation.work) if CANARY.encode() in path.read_bytes()]
    assert holding + installation.store.files_holding(CANARY.encode()) == []
    assert CANARY not in metrics
    searched = {path.name for path in _files(installation.work)}
    assert {"kms.db", "kms.log", "sidecar.log"} <= searched


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _write_and_read(application: Application) -> None:
    record = {
        "id": "c1",
        "name": f"{CANARY} name",
        "ssn": f"{CANARY} ssn",
        "email": f"{CANARY}@example.org",
    }
    assert application.write(record).status_code == 200
    answer = application.read("c1")
    assert answer.json()["result"][0]["ssn"] == record["ssn"]
    assert application.read("c1", tenant="other").status_code == 422


def _send_what_is_refused(application: Application) -> None:
    for body in (
        f'{{"params":{{"id":"c2","ssn":"1","ssn":"{CANARY}"}}}}',
        f'{{"params":{{"id":"c2","ssn":"{CANARY}"',
        f'{{"params":{{"id":"c2","ssn":"enc:1:{CANARY}"}}}}',
        f'{{"command":"INSERT INTO Customer SET ssn = \'{CANARY}\'","params":{{"id":"c2"}}}}',
        f'{{"params":{{"id":{json.dumps({"x": CANARY})},"ssn":"1"}}}}',
        f'{{"params":{{"ssn":"{CANARY}"}}}}',
        f'{{"params":{{"id":"c2","ssn":"{CANARY}"}}}}' + "]" * 9,
    ):
        answer = application.post(body.encode())
        assert 400 <= answer.status_code < 500, body
        assert CANARY not in answer.text


def _search_by_get(application: Application) -> None:
    """A query string that looks for a sealed field is refused, and its target is not logged."""
    answer = application.get(f"query/crm?ssn={CANARY}")
    assert answer.status_code in {400, 404, 405}
    assert CANARY not in answer.text
