# SPDX-License-Identifier: Apache-2.0
"""What a rule says, as values that are right from birth.

Built by the reader from YAML, or by hand in a test; either way rules that make no sense raise
Misconfigured (`coherence` knows which). LANGUAGE.md explains each of these words to the people who
write rules; `compiler` finds the rule of a request.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import NamedTuple

from sidecar.fieldpath import FieldPath
from sidecar.keys.names import CmkRef
from sidecar.rules.clearance import Condition
from sidecar.rules.coherence import faults_between, faults_within
from sidecar.rules.faults import Faults
from sidecar.rules.fields import Documents, Field, Requirement
from sidecar.rules.phase import Phase
from sidecar.rules.routes import Route

DEFAULT_SUITE = "cobblestone-256"
DEFAULT_DOCUMENTS = Documents()


class Store(NamedTuple):
    """A store by its logical name, the kind of its API, and every `host:port` it answers at."""

    name: str
    kind: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """The protection of one collection of one store.

    `collection` (by default the rule's name) and `store.name` are logical names that envelopes are
    bound to. `tenant_header` is in lower case. `record` is the name of a path variable, or the path
    of a member that is not sealed. `fields` stand in bodies, `outside` in heads. `lookup_keys` are
    EDKs, the current one first. A caller who meets one condition of `cleared` sees no mask.
    """

    name: str
    store: Store
    routes: tuple[Route, ...]
    cmk: CmkRef
    fields: tuple[Field, ...] = ()
    outside: tuple[Field, ...] = ()
    collection: str = ""
    tenant_header: str | None = None
    record: str | None = None
    phase: Phase = Phase.ENFORCE
    documents: Documents = DEFAULT_DOCUMENTS
    require: tuple[Requirement, ...] = ()
    lookup_keys: tuple[bytes, ...] = ()
    suite: str = DEFAULT_SUITE
    cleared: tuple[Condition, ...] = ()
    where: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if not self.collection:
            object.__setattr__(self, "collection", self.name)
        if found := list(faults_within(self)):
            raise Faults(found)

    @property
    def all_fields(self) -> tuple[Field, ...]:
        """Wherever in a message they stand."""
        return self.fields + self.outside

    @property
    def unmasked(self) -> Rule:
        """The same for whoever has to see every value, such as to seal it anew."""
        fields, outside = (
            tuple([dataclasses.replace(item, mask=None) for item in items])
            for items in (self.fields, self.outside)
        )
        return dataclasses.replace(self, fields=fields, outside=outside, cleared=())


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules in force together; the digest names what they say, not how it is laid out."""

    rules: tuple[Rule, ...]
    digest: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        if found := list(faults_between(self.rules)):
            raise Faults(found)
        rules = sorted(self.rules, key=lambda rule: rule.name)
        text = json.dumps(rules, default=_plain, sort_keys=True)
        object.__setattr__(self, "digest", hashlib.sha256(text.encode()).hexdigest())


def _plain(value: object) -> object:
    """Part of a rule in JSON's types, without places in files."""
    if isinstance(value, FieldPath):
        return str(value)
    if isinstance(value, re.Pattern):
        return value.pattern
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, frozenset):
        return sorted(value)
    if dataclasses.is_dataclass(value):
        parts = [each.name for each in dataclasses.fields(value) if each.compare]
        return {name: getattr(value, name) for name in parts}
    raise TypeError(type(value).__name__)
