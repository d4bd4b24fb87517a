# SPDX-License-Identifier: Apache-2.0
"""HAR files: what is taken from them, and what is told of those that are none."""

import base64
import json
from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.learning import read_har


def write(path: Path, *entries: object) -> Path:
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}))
    return path


ENTRY = {
    "startedDateTime": "2026-01-05T12:30:00Z",
    "request": {
        "method": "POST",
        "url": "https://CRM.example/customers?q=1",
        "headers": [
            {"name": "content-type", "value": "text/plain"},
            {"name": "Content-Encoding", "value": "gzip"},
            {"name": "X-Tenant-Id", "value": "acme"},
        ],
        "postData": {"mimeType": "application/json", "text": '{"a": "ü"}'},
    },
    "response": {
        "status": 201,
        "headers": [],
        "content": {"mimeType": "application/json", "text": base64.b64encode(b"{}").decode(),
                    "encoding": "base64"},
    },
}  # fmt: skip


def test_an_exchange_is_taken_as_a_proxy_would_have_seen_it(tmp_path: Path) -> None:
    (found,) = read_har(write(tmp_path / "a.har", ENTRY))
    assert (found.head.method, found.head.target) == (b"POST", b"/customers?q=1")
    assert found.head.authority == "crm.example:443"
    assert found.head.headers == (
        (b"X-Tenant-Id", b"acme"),
        (b"Content-Type", b"application/json"),
    )
    assert found.body == '{"a": "ü"}'.encode()
    assert (found.answer.status, found.answer_body) == (201, b"{}")


def test_a_form_may_stand_in_parameters(tmp_path: Path) -> None:
    posted = {
        "mimeType": "application/x-www-form-urlencoded",
        "params": [{"name": "email", "value": "a@b.cd"}],
    }
    entry = {"request": {"method": "POST", "url": "http://h:81", "postData": posted}}
    (found,) = read_har(write(tmp_path / "a.har", entry))
    assert found.body == b"email=a%40b.cd"
    assert (found.head.authority, found.head.target) == ("h:81", b"/")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"log": {}}', '{"log": {"entries": [{}]}}', "\x00", '{"log": 1}']
)
def test_what_is_no_har_is_told_and_not_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.har"
    path.write_text(text)
    with pytest.raises(Misconfigured, match=r"a\.har: not a HAR file"):
        list(read_har(path))


def test_a_broken_entry_is_told_by_its_number(tmp_path: Path) -> None:
    broken = {"request": {"method": "GET", "url": "http://h:CANARY/"}}
    with pytest.raises(Misconfigured, match=r"entry 2 cannot be read") as told:
        list(read_har(write(tmp_path / "a.har", ENTRY, broken)))
    assert "CANARY" not in told.value.why
