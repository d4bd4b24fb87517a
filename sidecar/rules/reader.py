# SPDX-License-Identifier: Apache-2.0
"""From YAML to rules: the tables of the language, and how they are read.

LANGUAGE.md documents every key of every table here; a test holds the two together. Raises Faults
with every error that was found, each with its file, line and column.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from itertools import chain
from pathlib import Path

from sidecar.envelope import SEALING_SUITES
from sidecar.errors import Misconfigured
from sidecar.rules import designations, patterns, words
from sidecar.rules.clearance import CLEARED
from sidecar.rules.faults import Collector, placed
from sidecar.rules.fields import MAX_PATTERN, Documents, Requirement
from sidecar.rules.files import RuleFile, read_files
from sidecar.rules.model import Rule, RuleSet, Store
from sidecar.rules.phase import Phase
from sidecar.rules.routes import MAX_LENGTH as MAX_ROUTE
from sidecar.rules.routes import Route
from sidecar.rules.tables import (
    Described,
    Shape,
    Table,
    list_of,
    one_of,
    read_mapping,
    schema_of,
)
from sidecar.strict_yaml import Entry, nearest, parse

VERSION = "1"
KINDS = ("rest", "graphql")
MAX_LOOKUP_KEYS = 2
"""The current lookup key and the one before it, while a rotation lasts."""


def read_rules(*paths: Path) -> RuleSet:
    """The rules of files, and of the `*.yaml` and `*.yml` files of folders, in force together."""
    return parse_rules(read_files(*paths))


def parse_rules(files: Iterable[RuleFile]) -> RuleSet:
    """The rules of files that were read, in force together; their test cases are left aside."""
    errors = Collector()
    entries = [entry for file in files for entry in errors.attempt(_read_file, file) or ()]
    stores = _stores_in_full(entries)
    rules = [errors.attempt(_read_rule, entry, stores) for entry in entries]
    rule_set = errors.attempt(RuleSet, tuple(rule for rule in rules if rule is not None))
    errors.finish()
    if rule_set is None or not rule_set.rules:
        raise Misconfigured("no rules at all, so nothing would be sealed")
    return rule_set


def _read_file(file: RuleFile) -> list[Entry]:
    document = parse(file.data, str(file.path))
    if file.holds_cases:
        if document.find("rules"):
            raise document.error(
                "rules in a file of test cases (*.test.yaml), where they would not hold; rename it"
            )
        return []
    entries: list[Entry] = read_mapping(document, FILE, required=FILE)["rules"]
    return entries


def _list_of_rules(entry: Entry) -> list[Entry]:
    rules = entry.items()
    if not rules:
        raise entry.error("an empty list of rules, so nothing would be sealed")
    return rules


def _stores_in_full(entries: Iterable[Entry]) -> dict[str, Store]:
    """The stores that some rule spells out; what is wrong there is told when that rule is read."""
    stores: dict[str, Store] = {}
    for entry in entries:
        store = Collector().attempt(_find_store_in_full, entry)
        if store is not None:
            stores.setdefault(store.name, store)
    return stores


def _find_store_in_full(entry: Entry) -> Store | None:
    found = entry.find("store")
    return _store({}, found) if found is not None and found.is_mapping else None


def _store(stores: Mapping[str, Store], entry: Entry) -> Store:
    """A store in full, or by the name of one that another rule spells out."""
    if entry.is_mapping:
        return Store(**read_mapping(entry, STORE, required=STORE))
    name = words.name(entry)
    if name not in stores:
        hint = nearest(name, stores) if stores else ""
        raise entry.error(f"no rule spells out a store {name!r}: {{name, kind, hosts}}{hint}")
    return stores[name]


def _read_rule(entry: Entry, stores: Mapping[str, Store]) -> Rule:
    table: Table = {**RULE, "store": partial(_store, stores)}
    values = read_mapping(entry, table, required=REQUIRED)
    outside = [values.pop(key, ()) for key in designations.OUTSIDE]
    values["outside"] = tuple(chain.from_iterable(outside))
    return Rule(**{_PARTS.get(key, key): value for key, value in values.items()}, where=entry.where)


def _route(entry: Entry) -> Route:
    return placed(entry, lambda: Route.parse(entry.text(), entry.where))


_ROUTE = Described(_route, {**patterns.ROUTE, "maxLength": MAX_ROUTE})


def _tenant(entry: Entry) -> str:
    header: str = read_mapping(entry, TENANT, required=TENANT)["header"]
    return header


def _documents(entry: Entry) -> Documents:
    return Documents(**read_mapping(entry, DOCUMENTS))


def _require(entry: Entry) -> tuple[Requirement, ...]:
    errors = Collector()
    needs = [errors.attempt(_requirement, key, value) for key, value in entry.entries()]
    errors.finish()
    return tuple(need for need in needs if need is not None)


def _requirement(key: Entry, value: Entry) -> Requirement:
    return placed(value, lambda: Requirement.compile(words.path(key), value.text()))


STORE: Table = {
    "name": words.name,
    "kind": one_of(KINDS),
    "hosts": list_of(words.host),
}
TENANT: Table = {"header": words.header}
DOCUMENTS: Table = {"request": list_of(words.path), "response": list_of(words.path)}
_STORE_SCHEMA = {"anyOf": [schema_of(words.name), Shape(STORE, required=STORE)]}
_NEEDS_SCHEMA = {
    "type": "object",
    "propertyNames": patterns.PATH,
    "additionalProperties": {"type": "string", "maxLength": MAX_PATTERN},
}
RULE: Table = {
    "name": words.name,
    "store": Described(partial(_store, {}), _STORE_SCHEMA),
    "collection": words.logical_name,
    "routes": list_of(_ROUTE),
    "cmk": words.cmk,
    "tenant": Described(_tenant, Shape(TENANT, required=TENANT)),
    "record": Described(Entry.text, patterns.SINGLE_PATH),
    "phase": Described(lambda entry: Phase(entry.one_of(Phase)), schema_of(one_of(Phase))),
    "documents": Described(_documents, Shape(DOCUMENTS)),
    "require": Described(_require, _NEEDS_SCHEMA),
    "lookup_keys": list_of(words.lookup_key, MAX_LOOKUP_KEYS),
    "suite": one_of(SEALING_SUITES),
    "fields": designations.FIELDS,
    **designations.OUTSIDE,
    "cleared": CLEARED,
}
REQUIRED = ("name", "store", "routes", "cmk")
_PROTECTS = {"anyOf": [{"required": [key]} for key in ("fields", *designations.OUTSIDE)]}
_RULES_SCHEMA = {"type": "array", "minItems": 1, "items": Shape(RULE, REQUIRED, more=_PROTECTS)}
FILE: Table = {
    "version": Described(lambda entry: entry.one_of((VERSION,)), {"enum": [int(VERSION), VERSION]}),
    "rules": Described(_list_of_rules, _RULES_SCHEMA),
}
_PARTS = {"tenant": "tenant_header"}
