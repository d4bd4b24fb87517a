# SPDX-License-Identifier: Apache-2.0
"""Rules that would protect what was seen, each read by the real reader before it is shown.

Cautious on purpose: `phase: monitor`, fields `sealed` unless a query looked for them, never a
format of digits. A rule that the language rejects is not proposed; the reason is told instead.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sidecar.backends import BACKENDS
from sidecar.errors import Misconfigured
from sidecar.fieldpath import FieldPath
from sidecar.learning.binding import Guess, guess_record, guess_tenant, record_variable
from sidecar.learning.collections import LIKELY, PLAIN, Collection, as_route, find_collections
from sidecar.learning.evidence import Finding, find_kind
from sidecar.learning.leaves import Place
from sidecar.learning.observation import FieldStats
from sidecar.learning.routes import SeenRoute
from sidecar.learning.traffic import Traffic
from sidecar.learning.writing import rule_lines
from sidecar.rules import Advice, Rule, RuleFile, RuleSet, lint, parse_rules

MARK = b64encode(b"put the output of `sidecar rules lookup-key` here").decode()
"""Stands for a lookup key, which only a KMS can make; no KMS opens it, so the proxy will not start
with it."""
_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_FEWEST = 3
"""Values that a field must have had unless its name speaks for it: a name seen once may be data."""


@dataclass(frozen=True, slots=True)
class ProposedField:
    """One field of a rule, and what speaks for it."""

    path: str
    kind: str
    confidence: float
    why: str
    seen: int
    different: int
    shortest: int
    longest: int
    searches: int
    """Queries that looked for a value of it."""
    is_number: bool
    normalize: tuple[str, ...]

    @property
    def is_likely(self) -> bool:
        return self.confidence >= LIKELY


@dataclass(frozen=True, slots=True)
class ProposedRule:
    """One rule in the words of the language, and what was left out of it."""

    name: str
    store: str
    host: str
    routes: tuple[str, ...]
    requests: int
    tenant: Guess
    record: Guess
    documents: dict[str, tuple[str, ...]]
    fields: tuple[ProposedField, ...]
    warnings: tuple[str, ...]

    @property
    def likely(self) -> tuple[ProposedField, ...]:
        return tuple(each for each in self.fields if each.is_likely)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a run came to."""

    rules: tuple[ProposedRule, ...] = ()
    rejected: tuple[str, ...] = ()
    """Rules that the language would not take, with its reason."""
    covered: tuple[str, ...] = ()
    """Routes that rules in force name already, with the fields that these lack."""
    advice: tuple[Advice, ...] = field(default=(), compare=False)


def propose(traffic: Traffic, known: RuleSet | None = None) -> Proposal:
    """The rules for what `traffic` has seen; those of `known` are in force already."""
    traffic.settle()
    rules: list[ProposedRule] = []
    covered: list[str] = []
    for host, root in traffic.hosts.items():
        store = _store_name(host, traffic.hosts)
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
    record = guess_record(collection)
    if record.name in {each.path for each in fields}:
        record = Guess(None, f"{record.name!r} is to be sealed itself")
    return ProposedRule(
        name=_free(_NAME.sub("-", "-".join(collection.words)).strip("-.") or store, taken),
        store=store,
        host=host,
        routes=tuple(_spell(route, record.name, fields) for route in collection.routes),
        requests=collection.requests,
        tenant=guess_tenant(collection),
        record=record,
        documents=_documents(collection),
        fields=fields,
        warnings=tuple(_warnings(collection, fields)),
    )


def _fields(collection: Collection) -> tuple[ProposedField, ...]:
    found: dict[Place, Finding] = {}
    by_confidence = sorted(collection.findings.items(), key=lambda item: -item[1].confidence)
    for place, finding in by_confidence:
        stats = collection.fields[place]
        if stats.seen < _FEWEST and not finding.is_named:
            continue
        if not any(_overlap(place, other) for other in found):
            found[place] = finding
    proposed = [_field(collection, place, finding) for place, finding in found.items()]
    return tuple(sorted(proposed, key=lambda each: (not each.is_likely, each.path)))


def _field(collection: Collection, place: Place, finding: Finding) -> ProposedField:
    stats, path = collection.fields[place], str(FieldPath(place))
    last = next(step for step in reversed(place) if isinstance(step, str))
    queries = [route.resource.queries for route in collection.routes]
    return ProposedField(
        path=path,
        kind=finding.detector.kind,
        confidence=finding.confidence,
        why=finding.why,
        seen=stats.seen,
        different=min(stats.seen, stats.distinct.estimate()),
        shortest=stats.shortest,
        longest=stats.longest,
        searches=sum(
            each.seen for query in queries for name, each in query.items() if name in {path, last}
        ),
        is_number=stats.numbers > 0,
        normalize=finding.detector.normalize,
    )


def _overlap(one: Place, other: Place) -> bool:
    return FieldPath(one).covers(FieldPath(other)) or FieldPath(other).covers(FieldPath(one))


def _documents(collection: Collection) -> dict[str, tuple[str, ...]]:
    places = {
        "request": {body.documents for body in collection.bodies if body.is_request},
        "response": {body.documents for body in collection.bodies if not body.is_request},
    }
    return {
        way: tuple(sorted(_spell_place(place) for place in found))
        for way, found in places.items()
        if not found <= PLAIN
    }


def _spell_place(place: Place) -> str:
    text = str(FieldPath(place))
    return text if text.startswith("$") else f"$.{text}" if not text.startswith("[") else f"${text}"


def _spell(route: SeenRoute, record: str | None, fields: tuple[ProposedField, ...]) -> str:
    """The route in the words of the language; variables never have the name of a field."""
    at_record = record_variable(route, record) if record else None
    taken = {each.path for each in fields} | ({record} if record else set())
    variables = [at for at, part in enumerate(route.segments) if not isinstance(part, str)]
    if record and at_record is None and not _has_member(route, record):
        at_record = variables[-1] if variables else None
    parts = []
    for at, part in enumerate(route.segments):
        if isinstance(part, str):
            parts.append(part)
            continue
        before = route.segments[at - 1] if at else ""
        word = _NAME.sub("_", before) if isinstance(before, str) else ""
        wish = "id" if at == variables[-1] else f"{word.replace('-', '_').replace('.', '_')}_id"
        name = record if at == at_record and record else _free(wish.strip("_"), taken, "_")
        taken.add(name)
        parts.append(f"{{{name}}}")
    return "/" + "/".join(parts)


def _has_member(route: SeenRoute, record: str) -> bool:
    bodies = (route.resource.sent, route.resource.answered)
    return any(place[-1:] == (record,) for each in bodies for place in each.fields)


def _warnings(collection: Collection, fields: tuple[ProposedField, ...]) -> Iterator[str]:
    """What the rule cannot protect, or would refuse."""
    names = {each.path.rpartition(".")[2] for each in fields} | {each.path for each in fields}
    for route in collection.routes:
        path = _spell(route, None, fields)
        for at, part in enumerate(route.segments):
            before = route.segments[at - 1] if at else ""
            if isinstance(part, FieldStats) and part.examined:
                found = find_kind(part, before if isinstance(before, str) else "", "")
                if found and found.confidence >= LIKELY:
                    yield f"{path} carries {found.detector.title} in its path, which is not sealed"
        for name, stats in route.resource.queries.items():
            found = find_kind(stats, name, "") if stats.examined and name not in names else None
            if found and found.confidence >= LIKELY:
                yield (
                    f"the query parameter {name!r} of {path} carries {found.detector.title}, "
                    "which is not sealed"
                )
        for bodies in (route.resource.sent, route.resource.answered):
            for said, count in bodies.unread.items():
                what = "requests" if bodies is route.resource.sent else "answers"
                yield f"{count} bodies in {what} of {path} were not read ({said})"


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
        if not any(item.covers(path) or path.covers(item) for item in named):
            yield f"rule {rule.name!r} holds these routes and leaves out {each.path}: {each.why}"


def _store_name(host: str, hosts: Iterable[str]) -> str:
    """The first label of a host's name; its whole address where that does not tell it apart."""
    name, _, port = host.rpartition(":")
    label = name.strip("[]").partition(".")[0]
    others = [each for each in hosts if each != host]
    is_plain = label.isidentifier() and all(each.partition(".")[0] != label for each in others)
    return label if is_plain else _NAME.sub("-", f"{name.strip('[]')}-{port}").strip("-.")


def _free(wish: str, taken: set[str], joint: str = "-") -> str:
    """`wish`, with a number where it is taken."""
    wish = wish[:50]
    name, number = wish, 2
    while name in taken:
        name, number = f"{wish}{joint}{number}", number + 1
    return name
