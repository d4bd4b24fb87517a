# SPDX-License-Identifier: Apache-2.0
"""What is proposed, as values: fields, rules, and all that a run came to."""

from dataclasses import dataclass, field

from sidecar.learning.binding import Guess
from sidecar.learning.collections import LIKELY
from sidecar.rules import Advice


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
