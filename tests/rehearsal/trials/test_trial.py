# SPDX-License-Identifier: Apache-2.0
"""Cases that fail, each for its own reason: what is wrong is told, and no value."""

from pathlib import Path

import pytest

from sidecar.rehearsal.trials import Run, read_cases, run_cases
from sidecar.rules import RuleFile, parse_rules
from tests.rules.samples import FILE

PUT = """\
    request:
      line: PUT crm.internal:8080/customers/c1
      headers: {X-Tenant-Id: acme}
      json: {ssn: canary, name: Ada}
"""
GET = PUT.replace("PUT", "GET").replace("      json: {ssn: canary, name: Ada}\n", "")
BEFORE = PUT.replace("request:", "before:")


async def run(*parts: str, rules: str = FILE, show_values: bool = False) -> Run:
    text = "version: 1\ncases:\n  - name: one\n" + "".join(parts)
    cases = read_cases([RuleFile(Path("x.test.yaml"), text.encode())])
    rule_set = parse_rules([RuleFile(Path("x.yaml"), rules.encode())])
    return await run_cases(rule_set, cases, show_values=show_values)


async def problems(*parts: str, **options: str) -> tuple[str, ...]:
    ((_, _, found),) = (await run(*parts, **options)).results
    assert "canary" not in repr(found)
    return found


@pytest.mark.parametrize(
    "parts",
    [
        (PUT, "    stored: {json: {ssn: <sealed>, name: Ada}}\n"),
        (PUT, "    stored: {line: PUT /customers/c1, headers: {X-Tenant-Id: acme}}\n"),
        (PUT, "    answer: echo\n    reply: {json: {ssn: canary, name: Ada}}\n"),
        (PUT, "    answer: {status: 201}\n    reply: {status: 201}\n"),
        (PUT, "    answer: {body: ok, headers: {Content-Type: text/x}}\n    reply: {body: ok}\n"),
        (PUT, "    answer: {status: 204}\n    reply: {status: 204, body: ''}\n"),
        (
            BEFORE,
            GET,
            "    answer: {json: [{id: c1, ssn: <stored ssn>}]}\n",
            "    reply: {json: [{id: c1, ssn: canary}]}\n",
        ),
        (PUT.replace("customers", "orders"), "    passes: true\n"),
        (PUT.replace("X-Tenant-Id", "X-Other"), "    refused: {code: unbound, status: 400}\n"),
        (PUT.replace("json: {ssn", "json: {id: c2, ssn"), "    refused: unbound\n"),
        (GET, "    answer: {json: {ssn: canary}}\n    refused: unsealed_stored_value\n"),
    ],
)
async def test_what_is_as_expected_passes(parts: tuple[str, ...]) -> None:
    assert await problems(*parts) == ()


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        (
            (PUT, "    stored: {json: {ssn: <searchable>, name: Ada}}\n"),
            "$.ssn: expected <searchable>, found enc:1:…",
        ),
        ((PUT, "    stored: unchanged\n"), "expected to be unchanged, and another body"),
        ((PUT, "    passes: true\n"), "expected to pass, and is forwarded to the store"),
        ((PUT, "    refused: unbound\n"), "expected the refusal unbound, and it is forwarded"),
        (
            (PUT, "    stored: {headers: {X-Gone: a}}\n"),
            "the header X-Gone is missing",
        ),
        (
            (PUT.replace("customers", "orders"), "    stored: unchanged\n"),
            "expected to be stored, and is passed in clear: no rule holds",
        ),
        (
            (PUT.replace("X-Tenant-Id", "X-Other"), "    stored: unchanged\n"),
            "expected to be stored, and is refused with 400 unbound: the header x-tenant-id",
        ),
        (
            (PUT.replace("X-Tenant-Id", "X-Other"), "    refused: {code: unbound, status: 403}\n"),
            "expected the refusal 403 unbound, and it is refused with 400 unbound",
        ),
        (
            (PUT.replace("X-Tenant-Id", "X-Other"), "    answer: echo\n    refused: unbound\n"),
            "the request is refused with 400 unbound: the header x-tenant-id",
        ),
        (
            (
                BEFORE.replace("X-Tenant-Id", "X-Other"),
                GET,
                "    answer: echo\n    reply: {status: 200}\n",
            ),
            "the request before it is refused with 400 unbound",
        ),
        (
            (GET, "    answer: {json: {ssn: canary}}\n    reply: {status: 200}\n"),
            "the answer is refused with 422 unsealed_stored_value",
        ),
        (
            (PUT, "    answer: echo\n    refused: cannot_open\n"),
            "expected the refusal cannot_open, and it is handed to the client",
        ),
        (
            (PUT, "    answer: echo\n    reply: {status: 201}\n"),
            "expected the status 201, and it is 200",
        ),
        (
            (PUT, "    answer: {json: {a: <stored gone>}}\n    reply: {status: 200}\n"),
            "<stored gone>: the store has nothing there",
        ),
    ],
)
async def test_what_is_not_as_expected_is_told(parts: tuple[str, ...], told: str) -> None:
    (problem,) = await problems(*parts)
    assert problem.startswith(told)


async def test_a_rule_that_only_watches_changes_nothing() -> None:
    watching = FILE + "    phase: monitor\n"
    assert await problems(PUT, "    stored: unchanged\n", rules=watching) == ()
    assert await problems(PUT, "    stored: {json: {ssn: <sealed>}}\n", rules=watching)


async def test_values_are_told_to_whoever_asks() -> None:
    done = await run(PUT, "    stored: {json: {ssn: canary}}\n", rules=FILE, show_values=True)
    assert '$.name is not expected: "Ada"' in done.results[0].problems
