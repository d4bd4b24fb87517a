# SPDX-License-Identifier: Apache-2.0
"""Cases in files: read as strictly as rules are, with every error in its place."""

from pathlib import Path

import pytest

from sidecar.errors import Misconfigured
from sidecar.rehearsal.trials import read_cases
from sidecar.rehearsal.trials.case import Case, Content, Refused, Stored, Unchanged
from sidecar.rules import Faults, RuleFile


def read(*lines: str) -> Case:
    body = "".join(f"    {line}\n" for line in lines)
    text = f"version: 1\ncases:\n  - name: one\n{body}"
    (case,) = read_cases([RuleFile(Path("x.test.yaml"), text.encode())])
    return case


LINE = "request: {line: GET crm.internal:8080/customers/1}"


def test_a_request_is_made_as_a_client_would() -> None:
    request = read(
        "request: {line: 'PUT crm.internal/a?b', headers: {X-A: 1}, json: {n: 1.10}}", "refused: x"
    ).request
    assert (request.head.method, request.head.target) == (b"PUT", b"/a?b")
    assert request.head.authority == "crm.internal:80"
    assert request.head.headers == (
        (b"X-A", b"1"),
        (b"Content-Type", b"application/json"),
        (b"Content-Length", b"10"),
    )
    assert request.body == b'{"n":1.10}'


def test_other_bodies_say_their_type_themselves() -> None:
    request = read("request: {line: PUT h/a, headers: {content-type: a/b}, json: 1}", "refused: x")
    assert request.request.head.headers[0] == (b"content-type", b"a/b")
    assert len(request.request.head.headers) == 2
    request = read("request: {line: PUT h/a, body: 'a=1'}", "refused: x")
    assert request.request.body == b"a=1"
    assert request.request.head.headers == ((b"Content-Length", b"3"),)


def test_expectations_are_what_they_say() -> None:
    assert read(LINE, "stored: unchanged").expected == Unchanged()
    assert read(LINE, "stored: {json: null}").expected == Stored(content=Content(json=None))
    assert read(LINE, "refused: {code: unbound, status: 400}").expected == Refused("unbound", 400)
    assert read(LINE, "answer: echo", "reply: {status: 200}").expected == Stored()


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (["stored: unchanged"], "'request' is missing"),
        ([LINE], "nothing is expected"),
        ([LINE, "passes: true", "refused: x"], "exclude each other"),
        ([LINE, "reply: {status: 200}"], "say what the store answers"),
        ([LINE, "refused: x", "answer: echo", "reply: {status: 200}"], "has no `reply`"),
        ([LINE, "stored: changed"], "'changed' is not a word here"),
        ([LINE, "passes: false"], "'false' is not a word here"),
        ([LINE, "answer: {stat: 1}", "reply: {status: 200}"], "unknown key 'stat'; did you mean"),
        ([LINE, "answer: echo", "reply: {}"], "nothing is expected of the reply"),
        ([LINE, "stored: {json: 1, body: x}"], "`json` and `body` exclude each other"),
        (["request: {line: /customers}", "passes: true"], "expected METHOD HOST:PORT/PATH"),
        (["request: {line: GET ftp://x/}", "passes: true"], "needs the URL of a store"),
        ([LINE, "refused: {code: x, status: 99}"], "expected an integer from 400 to 599"),
    ],
)
def test_what_is_wrong_is_told_in_its_place(lines: list[str], why: str) -> None:
    with pytest.raises(Faults, match=why) as caught:
        read(*lines)
    assert caught.value.why.startswith("x.test.yaml:")


def test_files_of_rules_hold_no_cases() -> None:
    assert read_cases([RuleFile(Path("x.yaml"), b"anything")]) == ()
    with pytest.raises(Misconfigured, match="an empty list of cases"):
        read_cases([RuleFile(Path("x.test.yaml"), b"version: 1\ncases: []\n")])
