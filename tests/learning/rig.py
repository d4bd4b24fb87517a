# SPDX-License-Identifier: Apache-2.0
"""Traffic by the message, as a proxy would show it."""

import json
from collections.abc import Iterable
from pathlib import Path

from sidecar.learning import MARK, Proposal, ProposedRule, Traffic, propose, write_proposal
from sidecar.message import Headers, RequestHead, ResponseHead
from sidecar.rules import RuleFile, RuleSet, parse_rules

HOST = "crm.internal:8080"
JSON: Headers = ((b"Content-Type", b"application/json"),)


def ask(  # noqa: PLR0917 - as a line of a test's table
    traffic: Traffic,
    line: str,
    sent: object = None,
    answer: object = None,
    headers: Headers = (),
    status: int = 200,
    host: str = HOST,
) -> None:
    """Show one exchange; `line` is method and target, bodies are JSON or bytes."""
    method, target = line.split(" ", 1)
    has_type = any(name.lower() == b"content-type" for name, _ in headers)
    head = RequestHead(
        method.encode(), target.encode(), host, headers if has_type else (*JSON, *headers)
    )
    traffic.request(head)
    traffic.request_body(head, _body(sent))
    traffic.answer(head, ResponseHead(status, b"", JSON), _body(answer))


def _body(content: object) -> bytes:
    if content is None:
        return b""
    return content if isinstance(content, bytes) else json.dumps(content).encode()


def learned(exchanges: Iterable[tuple[object, ...]]) -> Proposal:
    """What is proposed for these exchanges, each the arguments of `ask`."""
    traffic = Traffic()
    for exchange in exchanges:
        ask(traffic, *exchange)  # type: ignore[arg-type]
    return propose(traffic)


def only_rule(proposal: Proposal) -> ProposedRule:
    (rule,) = proposal.rules
    return rule


def kinds(rule: ProposedRule) -> dict[str, str]:
    return {each.path: each.kind for each in rule.likely}


def as_file(proposal: Proposal) -> str:
    return write_proposal(proposal, "a test", MARK)


def read(text: str) -> RuleSet:
    return parse_rules((RuleFile(Path("proposal.yaml"), text.encode()),))
