# SPDX-License-Identifier: Apache-2.0
"""How well `sidecar learn` finds what is sensitive: `python -m bench.learn`.

Services with resources of labelled fields (`labelled.py`) talk for a while; then what is proposed
is held against the labels. Every choice is drawn from a seed, so that a run can be repeated:
which fields, in whose language, how answers are wrapped, and whether a field goes by a telling, a
vague or a meaningless name. One sensitive value in eight is missing or a filler.

Precision: of the fields that are proposed as one kind, how many are of it. Recall: of the fields of
one kind, how many are proposed as it. The labels and the detectors were written by the same hands,
so other people's traffic will be found somewhat worse.
"""

import json
from collections import Counter
from dataclasses import dataclass

from bench.labelled import HARMLESS, SENSITIVE, Draw, Field
from bench.rounds import Figure, run
from sidecar.learning import Traffic, propose
from sidecar.message import RequestHead, ResponseHead

SEED = 20260301
SERVICES = 30
DOCUMENTS = 40
BLANK = 1 / 8
_JSON = ((b"Content-Type", b"application/json"),)


GOALS = {
    "chinese_phone": (0.95, 0.95),
    "chinese_resident_id": (0.95, 0.95),
    "email": (0.95, 0.95),
    "iban": (0.95, 0.95),
    "passport": (0.9, 0.75),
    "payment_card": (0.95, 0.95),
    "person_name": (0.9, 0.8),
    "phone": (0.9, 0.85),
    "secret": (0.95, 0.85),
    "us_ssn": (0.95, 0.95),
}
"""Precision and recall of each kind, somewhat under what several seeds measured."""

_OF_PEOPLE = ("customers", "users", "employees", "patients", "members", "contacts")
_OF_THINGS = ("orders", "products", "devices", "invoices", "shipments", "events", "payments")


@dataclass(frozen=True)
class Resource:
    """One resource of a service: where it is, its fields by name, how it wraps answers."""

    name: str
    fields: dict[str, tuple[Field, bool]]
    """With whether the name is one that tells."""
    wrapping: str

    def document(self, draw: Draw, number: int) -> dict[str, object]:
        values = {name: _value(draw, field) for name, (field, _) in self.fields.items()}
        return {"id": f"{self.name[:1]}-{number}", **values}


def _value(draw: Draw, field: Field) -> object:
    """A value of a field; in sensitive ones, one in eight is missing or a filler."""
    if field.kind is not None and draw.random.random() < BLANK:
        return draw.random.choice((None, "", "-", "N/A", "unknown"))
    return field.value(draw)


def invent(draw: Draw) -> list[Resource]:
    """The resources of one service."""
    chosen = draw.random.sample(_OF_PEOPLE, 2) + draw.random.sample(_OF_THINGS, 2)
    return [
        Resource(
            name,
            _fields(draw, of_people=name in _OF_PEOPLE),
            draw.random.choice(("items", "data", "results", "")),
        )
        for name in chosen
    ]


def _fields(draw: Draw, *, of_people: bool) -> dict[str, tuple[Field, bool]]:
    found: dict[str, tuple[Field, bool]] = {}
    sensitive = draw.random.sample(SENSITIVE, 6 if of_people else 3)
    for field in (*sensitive, *draw.random.sample(HARMLESS, 12)):
        is_telling = not field.vague or draw.random.random() < 0.75
        names = field.names if is_telling else field.vague
        if field.kind == "person_name" and not of_people:
            names = tuple(name for name in names if name != "name")
        name = draw.random.choice(names)
        found.setdefault(name, (field, is_telling))
    return found


def talk(draw: Draw, resource: Resource, traffic: Traffic) -> None:
    """Let documents be made, read and listed."""
    path = f"/api/v1/{resource.name}".encode()
    for number in range(DOCUMENTS):
        document = resource.document(draw, number)
        body = json.dumps(document, ensure_ascii=False).encode()
        listed: object = [document]
        if resource.wrapping:
            listed = {resource.wrapping: listed, "total": 1}
        for method, target, sent, answer in (
            (b"POST", path, body, body),
            (b"GET", b"%b/%b" % (path, str(document["id"]).encode()), b"", body),
            (b"GET", path, b"", json.dumps(listed, ensure_ascii=False).encode()),
        ):
            head = RequestHead(method, target, "crm.internal:8080", _JSON)
            traffic.request(head)
            traffic.request_body(head, sent)
            traffic.answer(head, ResponseHead(200, b"OK", _JSON), answer)


class Tally:
    """Fields by kind: proposed rightly, proposed wrongly, missed; and those with telling names."""

    def __init__(self) -> None:
        self.right: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
        self.telling: Counter[bool] = Counter()
        self.telling_right: Counter[bool] = Counter()
        self.mistakes: list[str] = []

    def add(self, name: str, field: Field, proposed: str | None, *, is_telling: bool) -> None:
        kind = field.kind
        if kind is not None:
            self.telling[is_telling] += 1
            self.telling_right[is_telling] += kind == proposed
        if kind == proposed:
            if kind is not None:
                self.right[kind] += 1
            return
        self.mistakes.append(f"{name}: {kind} taken for {proposed}")
        if proposed is not None:
            self.wrong[proposed] += 1
        if kind is not None:
            self.missed[kind] += 1

    def precision(self, kinds: list[str]) -> float:
        right, wrong = (sum(each[kind] for kind in kinds) for each in (self.right, self.wrong))
        return right / (right + wrong)

    def recall(self, kinds: list[str]) -> float:
        right, missed = (sum(each[kind] for kind in kinds) for each in (self.right, self.missed))
        return right / (right + missed)


def tally(seed: int = SEED, services: int = SERVICES) -> Tally:
    """What is proposed for some services, held against the labels."""
    result = Tally()
    for number in range(services):
        draw, traffic = Draw(seed + number), Traffic()
        resources = invent(draw)
        for resource in resources:
            talk(draw, resource, traffic)
        proposed = {
            (rule.name, field.path.strip("[]'")): field.kind
            for rule in propose(traffic).rules
            for field in rule.likely
        }
        for resource in resources:
            for name, (field, is_telling) in resource.fields.items():
                found = proposed.get((resource.name, name))
                result.add(f"{resource.name}.{name}", field, found, is_telling=is_telling)
    return result


def measure() -> list[Figure]:
    result = tally()
    kinds = list(GOALS)
    figures = [Figure("sensitive fields, of all kinds", sum(result.telling.values()), "")]
    for kind, (precision, recall) in GOALS.items():
        found = result.precision([kind]), result.recall([kind])
        figures.append(Figure(f"{kind}: precision", found[0], "", at_least=precision))
        figures.append(Figure(f"{kind}: recall", found[1], "", at_least=recall))
    for is_telling, names in ((True, "telling"), (False, "vague or meaningless")):
        share = result.telling_right[is_telling] / result.telling[is_telling]
        figures.append(Figure(f"recall under {names} names", share, ""))
    figures.append(Figure("all kinds: precision", result.precision(kinds), "", at_least=0.95))
    figures.append(Figure("all kinds: recall", result.recall(kinds), "", at_least=0.9))
    return figures


if __name__ == "__main__":
    run("Rules proposed from labelled traffic", measure)
