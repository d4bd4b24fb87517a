# SPDX-License-Identifier: Apache-2.0
"""Rules that would protect what was seen, each read by the real reader before it is shown.

Cautious on purpose: `phase: monitor`, fields `sealed` unless a query looked for them, never a
format of digits. A rule that the language rejects is not proposed; the reason is told instead.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path

from sidecar.backends import BACKENDS
from sidecar.errors import Misconfigured
from sidecar.fieldpath import FieldPath
from sidecar.learning.binding import Guess, guess_record, guess_tenant
from sidecar.learning.caveats import find_caveats
from sidecar.learning.collections import PLAIN, Collection, as_route, find_collections
from sidecar.learning.evidence import Finding
from sidecar.learning.leaves import Place
from sidecar.learning.proposed import Proposal, ProposedField, ProposedRule
from sidecar.learning.routes import SeenRoute
from sidecar.learning.spelling import rule_name, spell_place, spell_route, store_name
from sidecar.learning.traffic import Traffic
from sidecar.learning.writing import rule_lines
from sidecar.rules import Rule, RuleFile, RuleSet, lint, parse_rules

MARK = b64encode(b"put the output of `sidecar rules lookup-key` here").decode()
"""Stands for a lookup key, which only a KMS can make; no KMS opens it, so the proxy will not start
with it."""
_FEWEST = 3
"""Values that a field must have had unless its name speaks for it: a name seen once may be data."""


def propose(traffic: Traffic, known: RuleSet | None = None) -> Proposal:
    """The rules for what `traffic` has seen; those of `known` are in force already."""
    traffic.settle()
    rules: list[ProposedRule] = []
    covered: list[str] = []
    for host, root in traffic.hosts.items():
        store = store_name(host, traffic.hosts)
        for collection in find_collections(root.routes()):
            rule = _rule(collection, host, store, {each.name for each in rules})
            other = _find_known(known, host, collection.routes)
            if other is not None:
                covered += _lacking(other, rule)
            elif rule.fields:
                rules.append(rule)
    return _proved(rules, tuple(covered))


def _proved(rules: Iterable[ProposedRule], covered: tuple[str, ...]) -> Proposal:
    """Leave out what the reader or a store's backend rejects, alone or beside the others."""
    kept: list[ProposedRule] = []
    rejected = []
    for rule in rules:
        if not rule.likely:
            kept.append(rule)  # only told of
            continue
        try:
            _read([*kept, rule])
        except Misconfigured as error:
            rejected.append(f"{rule.name} ({', '.join(rule.routes)}): {error.why}")
        else:
            kept.append(rule)
    advice = lint(_read(kept)) if any(rule.likely for rule in kept) else []
    return Proposal(tuple(kept), tuple(rejected), covered, tuple(advice))


def _read(rules: list[ProposedRule]) -> RuleSet:
    lines = ["version: 1", "rules:", *(line for rule in rules for line in rule_lines(rule, MARK))]
    file = RuleFile(Path("proposal.yaml"), "\n".join(lines).encode())
    rule_set = parse_rules((file,))
    for rule in rule_set.rules:
        BACKENDS[rule.store.kind].bind(rule)
    return rule_set


def _rule(collection: Collection, host: str, store: str, taken: set[str]) -> ProposedRule:
    fields = _fields(collection)
    paths = [each.path for each in fields]
    record = guess_record(collection)
    if record.name in paths:
        record = Guess(None, f"{record.name!r} is to be sealed itself")
    return ProposedRule(
        name=rule_name(collection.words, store, taken),
        store=store,
        host=host,
        routes=tuple(spell_route(route, record.name, paths) for route in collection.routes),
        requests=collection.requests,
        tenant=guess_tenant(collection),
        record=record,
        documents=_documents(collection),
        fields=fields,
        warnings=tuple(find_caveats(collection, paths)),
    )


def _fields(collection: Collection) -> tuple[ProposedField, ...]:
    found: dict[Place, Finding] = {}
    by_confidence = sorted(collection.findings.items(), key=lambda item: -item[1].confidence)
    for place, finding in by_confidence:
        stats = collection.fields[place]
        if stats.seen < _FEWEST and not finding.is_named:
            continue
        if not any(FieldPath(place).overlaps(FieldPath(other)) for other in found):
            found[place] = finding
    proposed = [_field(collection, place, finding) for place, finding in found.items()]
    return tuple(sorted(proposed, key=lambda each: (not each.is_likely, each.path)))


def _field(collection: Collection, place: Place, finding: Finding) -> ProposedField:
    stats, path = collection.fields[place], FieldPath(place)
    names = {str(path), path.last_name}
    queries = [route.resource.queries for route in collection.routes]
    return ProposedField(
        path=str(path),
        kind=finding.detector.kind,
        confidence=finding.confidence,
        why=finding.why,
        seen=stats.seen,
        different=min(stats.seen, stats.distinct.estimate()),
        shortest=stats.shortest,
        longest=stats.longest,
        searches=sum(
            each.seen for query in queries for name, each in query.items() if name in names
        ),
        is_number=stats.numbers > 0,
        normalize=finding.detector.normalize,
    )


def _documents(collection: Collection) -> dict[str, tuple[str, ...]]:
    places = {
        "request": {body.documents for body in collection.bodies if body.is_request},
        "response": {body.documents for body in collection.bodies if not body.is_request},
    }
    return {
        way: tuple(sorted(spell_place(place) for place in found))
        for way, found in places.items()
        if not found <= PLAIN
    }


def _find_known(known: RuleSet | None, host: str, routes: tuple[SeenRoute, ...]) -> Rule | None:
    for rule in known.rules if known else ():
        if host in rule.store.hosts and any(
            as_route(ours.pattern).meets(theirs) for ours in routes for theirs in rule.routes
        ):
            return rule
    return None


def _lacking(rule: Rule, proposed: ProposedRule) -> Iterator[str]:
    """The likely fields that `rule` leaves out."""
    named = [item.path for item in rule.fields]
    for each in proposed.likely:
        path = FieldPath.parse(each.path)
        if not any(path.overlaps(item) for item in named):
            yield f"rule {rule.name!r} holds these routes and leaves out {each.path}: {each.why}"
