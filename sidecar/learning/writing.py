# SPDX-License-Identifier: Apache-2.0
"""A proposal as a file of rules, with a comment on everything that was guessed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sidecar.learning.binding import Guess
from sidecar.learning.proposed import Proposal, ProposedField, ProposedRule
from sidecar.plurals import counted

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def write_proposal(proposal: Proposal, summary: str, mark: str) -> str:
    """The file; only comments where there is nothing to propose."""
    likely = [rule for rule in proposal.rules if rule.likely]
    lines = [f"# {line}" for line in _introduction(summary, likely)]
    if likely:
        lines += ["version: 1", "rules:"]
        for rule in likely:
            lines += ["", *rule_lines(rule, mark)]
    lines += _remarks(proposal)
    return "\n".join(lines) + "\n"


def _introduction(summary: str, likely: list[ProposedRule]) -> Iterator[str]:
    yield f"Proposed by `sidecar learn` from {summary}."
    if not likely:
        yield "Nothing in it looks sensitive enough to propose a rule."
        return
    yield "Confidence and counts stand beside each field; no value was kept."
    yield "What to do next:"
    yield "  1. Read it. Strike what need not be sealed, add what only you can know."
    yield "  2. Name stores, rules and CMKs as they are to stay: values are bound to the names of"
    yield "     stores and rules (LANGUAGE.md, section 8). Make the CMKs (section 5)."
    if any(field.searches for rule in likely for field in rule.likely):
        yield "  3. Put real lookup keys where it says so: `sidecar rules lookup-key`."
    yield "  Last: run it in `phase: monitor`, then `migrate`, then `enforce` (section 9)."


def rule_lines(rule: ProposedRule, mark: str) -> Iterator[str]:
    """One rule as an item of the list `rules`."""
    yield f"  # {counted(rule.requests, 'request')}"
    yield f"  - name: {rule.name}"
    yield f"    store: {{name: {rule.store}, kind: rest, hosts: [{_quoted(rule.host)}]}}"
    yield "    routes:"
    for route in rule.routes:
        yield f"      - {_quoted(route)}"
    yield f"    cmk: {_cmk(rule)}"
    yield from _binding("tenant", f"{{header: {rule.tenant.name}}}", rule.tenant)
    yield from _binding("record", rule.record.name or "", rule.record)
    yield "    phase: monitor  # changes nothing yet"
    if rule.documents:
        ways = [f"{way}: {json.dumps(list(at))}" for way, at in rule.documents.items()]
        yield f"    documents: {{{', '.join(ways)}}}"
    if any(field.searches for field in rule.likely):
        yield "    # Stands for a real one, and the proxy will not start with it. Make it with:"
        yield f"    #   sidecar rules lookup-key --cmk {_cmk(rule)} --store {rule.store}"
        yield f"    lookup_keys: [{_quoted(mark)}]"
    for warning in rule.warnings:
        yield f"    # Beware: {warning}."
    yield "    fields:"
    for field in rule.fields:
        yield from _field_lines(field)


def _cmk(rule: ProposedRule) -> str:
    return f"alias/{rule.store.replace('.', '-')}"


def _binding(key: str, value: str, guess: Guess) -> Iterator[str]:
    yield f"    {key}: {value}  # {guess.why}" if guess.name else f"    # no {key}: {guess.why}"


def _field_lines(field: ProposedField) -> Iterator[str]:
    perhaps = "" if field.is_likely else "perhaps "
    yield f"      # {perhaps}{describe(field)}"
    yield f"      {'' if field.is_likely else '# '}{_key(field.path)}: {_mode(field)}"


def describe(field: ProposedField) -> str:
    """What speaks for a field, in one line."""
    start = f"{field.shortest} to " if field.shortest < field.longest else ""
    lengths = start + counted(field.longest, "character")
    searched = (
        f"; looked for in {counted(field.searches, 'query', 'queries')}" if field.searches else ""
    )
    number = "; numbers, so the store must take texts there" if field.is_number else ""
    return (
        f"{field.kind} {field.confidence:.0%}: {field.why}; {field.seen} seen, about "
        f"{field.different} different, of {lengths}{searched}{number}"
    )


def _mode(field: ProposedField) -> str:
    if not field.searches:
        return "sealed"
    normalize = f", normalize: [{', '.join(field.normalize)}]" if field.normalize else ""
    return f"{{search: equality{normalize}}}"


def _remarks(proposal: Proposal) -> Iterator[str]:
    for rule in proposal.rules:
        if not rule.likely:
            yield ""
            yield f"# Perhaps on {', '.join(rule.routes)} of {rule.host}:"
            for field in rule.fields:
                yield f"#   {field.path}: {describe(field)}"
    for title, remarks in (
        ("In force already", proposal.covered),
        ("Not proposed, because the rule language would not take it", proposal.rejected),
    ):
        if remarks:
            yield ""
            yield f"# {title}:"
            yield from (f"#   {line}" for remark in remarks for line in remark.splitlines())


def _key(path: str) -> str:
    return path if _PLAIN.fullmatch(path) else _quoted(path)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
