# SPDX-License-Identifier: Apache-2.0
"""HAR files: heads as they were, bodies as their readers decoded them."""

import json
from base64 import b64encode
from typing import Any

import pytest

from sidecar.errors import Misconfigured
from sidecar.recorded import Exchange, LeftOut, read_har

ENTRY: dict[str, Any] = {
    "startedDateTime": "2026-01-01T00:00:00Z",
    "request": {
        "method": "POST",
        "url": "https://crm.internal:8443/customers?x=1#y",
        "headers": [
            {"name": ":authority", "value": "crm.internal"},
            {"name": "Content-Type", "value": "application/json"},
            {"name": "Content-Length", "value": "999"},
        ],
        "postData": {"mimeType": "application/json", "text": '{"ssn":"é"}'},
    },
    "response": {
        "status": 200,
        "headers": [{"name": "Content-Encoding", "value": "gzip"}, {"name": "a", "value": "b"}],
        "content": {"text": b64encode(b"{}").decode(), "encoding": "base64"},
    },
}


def encode(value: object) -> bytes:
    return json.dumps(value).encode()


def test_an_entry_is_read() -> None:
    (read,) = read_har(encode(ENTRY))
    assert isinstance(read, Exchange)
    assert (read.head.authority, read.head.target) == ("crm.internal:8443", b"/customers?x=1")
    assert read.head.headers == ((b"Content-Type", b"application/json"),)
    assert read.body == '{"ssn":"é"}'.encode()
    assert read.answer is not None
    assert (read.answer.head.status, read.answer.body) == (200, b"{}")
    assert read.answer.head.headers == ((b"a", b"b"),)


def test_a_file_is_read_entry_by_entry() -> None:
    aborted = {**ENTRY, "response": {"status": 0, "headers": [], "content": {}}}
    read = read_har(
        b"\xef\xbb\xbf" + encode({"log": {"version": "1.2", "entries": [ENTRY, aborted]}})
    )
    assert [isinstance(each, Exchange) and each.answer is None for each in read] == [False, True]


@pytest.mark.parametrize(
    "url",
    [
        "data:image/png;base64,canary",
        "blob:https://crm.internal/canary",
        "chrome-extension://canary/a.js",
        "wss://crm.internal/canary",
    ],
)
def test_an_entry_that_asked_no_store_keeps_its_number(url: str) -> None:
    other = {"request": {"method": "GET", "url": url}}
    none, read = read_har(encode({"log": {"entries": [other, ENTRY]}}))
    assert none is LeftOut.NO_STORE
    assert isinstance(read, Exchange)
    with pytest.raises(Misconfigured, match="every entry asked no store"):
        read_har(encode(other))


@pytest.mark.parametrize("text", ["canary!", "canär", "canary\n", "canar", "\x00\x01"])
def test_an_answer_that_is_not_base64_leaves_out_its_entry_alone(text: str) -> None:
    content = {"mimeType": "image/png", "text": text, "encoding": "base64"}
    image = {**ENTRY, "response": {**ENTRY["response"], "content": content}}
    first, none, last = read_har(encode({"log": {"entries": [ENTRY, image, ENTRY]}}))
    assert none is LeftOut.NO_BASE64
    assert isinstance(first, Exchange)
    assert first == last


def test_what_the_heads_leave_out_is_taken_from_the_entry() -> None:
    request = {"method": "POST", "url": "http://h/a"}
    posted = {"mimeType": "application/x-www-form-urlencoded", "params": []}
    posted["params"] = [{"name": "a b", "value": "ü"}, {"name": "c"}]
    response = {"status": 200, "content": {"mimeType": "text/csv", "text": "x"}}
    (read,) = read_har(encode({"request": {**request, "postData": posted}, "response": response}))
    assert isinstance(read, Exchange)
    assert read.body == b"a+b=%C3%BC&c="
    assert read.head.headers == ((b"Content-Type", b"application/x-www-form-urlencoded"),)
    assert read.answer is not None
    assert read.answer.head.headers == ((b"Content-Type", b"text/csv"),)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ({"canary": 1}, "neither a HAR file nor one entry"),
        (["canary"], "neither a HAR file"),
        ({"log": {"entries": []}}, "without entries"),
        ({"log": "canary"}, "neither a HAR file"),
        ({**ENTRY, "request": {**ENTRY["request"], "url": "/canary"}}, "needs the URL of a store"),
        (
            {
                **ENTRY,
                "response": {
                    **ENTRY["response"],
                    "content": {"text": "canary!", "encoding": "base64"},
                },
            },
            "not base64",
        ),
    ],
)
def test_what_is_none_is_told_without_its_text(content: object, why: str) -> None:
    with pytest.raises(Misconfigured, match=why) as caught:
        read_har(encode(content))
    assert "canary" not in caught.value.why


@pytest.mark.parametrize(
    "data",
    [b"", b"canary", encode(ENTRY)[:-1], b"\xff", encode(ENTRY).replace(b"POST", b"P\xff")],
)
def test_what_is_no_json_is_told(data: bytes) -> None:
    with pytest.raises(Misconfigured) as caught:
        read_har(data)
    assert caught.value.why == "not JSON in UTF-8, as HAR files are"
