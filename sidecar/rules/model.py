# SPDX-License-Identifier: Apache-2.0
"""What a rule says, as values that are right from birth.

Built by the reader from YAML, or by hand in a test; either way an impossible rule raises
Misconfigured, without a place in a file. What several rules say together is judged in `conflicts`;
what a request says is matched in `compiler`. LANGUAGE.md explains each of these words to the people
who write rules.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

from sidecar.errors import Misconfigured
from sidecar.fieldpath import EACH, FieldPath
from sidecar.keys.names import CmkRef
from sidecar.rules.routes import Route

MAX_KEEP_LAST = 8
MAX_PATTERN = 512
MAX_LOOKUP_KEYS = 2
"""The current lookup key and the one before it, while a rotation lasts."""

NORMALIZERS = ("trim", "lower", "digits", "nfc")
DEFAULT_SUITE = "cobblestone-256"

type Null = Literal["keep", "seal"]


class Phase(StrEnum):
    """How far a rule's protection has been brought in."""

    MONITOR = "monitor"
    MIGRATE = "migrate"
    ENFORCE = "enforce"


class Mode(StrEnum):
    """What sealing makes of a value; each gives away more than the one before it or fits more."""

    SEALED = "sealed"
    EQUALITY = "equality"
    JSON = "json"
    DIGITS = "digits"


DETERMINISTIC = frozenset({Mode.EQUALITY, Mode.DIGITS})
"""Modes that need a lookup key: the same value seals to the same text on every replica."""


@dataclass(frozen=True, slots=True)
class Field:
    """One designated place in a document.

    `name` is the logical field that the context binds: the path's canonical text unless the rule
    says `as`. `keep_last` digits stay readable in the mode DIGITS.
    """

    name: str
    path: FieldPath
    mode: Mode = Mode.SEALED
    normalize: tuple[str, ...] = ()
    keep_last: int = 0
    null: Null = "keep"
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.path.steps or self.path.steps[0] is EACH:
            raise Misconfigured(
                "a field begins with a member's name; where documents stand is `documents:`"
            )
        if self.normalize and self.mode is not Mode.EQUALITY:
            raise Misconfigured("`normalize` belongs to `search: equality`")
        if not set(self.normalize) <= set(NORMALIZERS):
            raise Misconfigured(f"`normalize` knows {', '.join(NORMALIZERS)}")
        if self.keep_last and self.mode is not Mode.DIGITS:
            raise Misconfigured("`keep_last` belongs to `format: digits`")
        if not 0 <= self.keep_last <= MAX_KEEP_LAST:
            raise Misconfigured(f"`keep_last` is from 0 to {MAX_KEEP_LAST}")
        if self.null == "seal" and self.mode is Mode.DIGITS:
            raise Misconfigured("`format: digits` has no digits for null; leave `null: keep`")


class Store(NamedTuple):
    """A store by its logical name, the kind of its API, and every `host:port` it answers at."""

    name: str
    kind: str
    hosts: tuple[str, ...]


class Documents(NamedTuple):
    """Where records stand in bodies; the fields of a rule are named from there."""

    request: tuple[FieldPath, ...] = (FieldPath(()), FieldPath((EACH,)))
    response: tuple[FieldPath, ...] = (FieldPath(()), FieldPath((EACH,)))


DEFAULT_DOCUMENTS = Documents()


class Requirement(NamedTuple):
    """A text in the request body, counted from its root, that must match a pattern as a whole."""

    path: FieldPath
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """The protection of one collection of one store.

    `collection` and `store.name` are logical names that envelopes are bound to. `tenant_header` is
    in lower case. `record` is the name of a path variable, or the path of a field that is not
    sealed. `lookup_keys` are EDKs, the current one first. `where` is the place in the rule file.
    """

    name: str
    store: Store
    routes: tuple[Route, ...]
    cmk: CmkRef
    fields: tuple[Field, ...]
    collection: str = ""
    tenant_header: str | None = None
    record: str | None = None
    phase: Phase = Phase.ENFORCE
    documents: Documents = DEFAULT_DOCUMENTS
    require: tuple[Requirement, ...] = ()
    lookup_keys: tuple[bytes, ...] = ()
    suite: str = DEFAULT_SUITE
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.collection:
            object.__setattr__(self, "collection", self.name)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules in force together; the digest names what they say, not how it is laid out."""

    rules: tuple[Rule, ...]
    digest: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        text = json.dumps([_canonical(rule) for rule in self.rules], sort_keys=True)
        object.__setattr__(self, "digest", hashlib.sha256(text.encode()).hexdigest())


def _canonical(value: object) -> object:
    """`value` in JSON's types, without places in files: equal rules give equal JSON."""
    if isinstance(value, FieldPath):
        return str(value)
    if isinstance(value, re.Pattern):
        return value.pattern
    if isinstance(value, bytes):
        return value.hex()
    if dataclasses.is_dataclass(value):
        return {
            each.name: _canonical(getattr(value, each.name))
            for each in dataclasses.fields(value)
            if each.compare
        }
    if isinstance(value, (tuple, frozenset)):
        items = [_canonical(item) for item in value]
        return sorted(items, key=str) if isinstance(value, frozenset) else items
    return value
