# SPDX-License-Identifier: Apache-2.0
"""The parts of a policy, as values: what a statement covers and on what conditions.

A statement applies to one action on one resource: one of its action patterns covers the action (or
none of them, for NotAction), one of its resource patterns covers the resource, and every condition
holds. Actions are compared without regard to case, resources with.
"""

from dataclasses import dataclass
from typing import Any, Literal

from sidecar.kms.policy.facts import RequestFacts
from sidecar.kms.policy.operators import Operator
from sidecar.kms.policy.wildcard import matches

type Effect = Literal["Allow", "Deny"]
RESOURCE_PARTS = 5
"""`acs:service:region:account:relative-id`"""


@dataclass(frozen=True, slots=True)
class ResourcePattern:
    """A pattern of ARNs, part by part: a wildcard never reaches over a colon into the next part."""

    parts: tuple[str, ...]

    def covers(self, arn: str) -> bool:
        parts = arn.split(":", RESOURCE_PARTS - 1)
        return len(parts) == RESOURCE_PARTS and all(map(matches, self.parts, parts))


@dataclass(frozen=True, slots=True)
class Condition:
    """One key under one operator; its values are alternatives."""

    operator: Operator
    key: str
    expected: tuple[Any, ...]

    def holds(self, facts: RequestFacts) -> bool:
        return self._is_met(facts.find(self.key)) is not self.operator.is_negated

    def _is_met(self, text: str | None) -> bool:
        if text is None:
            return False
        try:
            actual = self.operator.values.read(text)
        except ValueError:
            return False
        return any(self.operator.compare(actual, expected) for expected in self.expected)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; `actions` are patterns in lower case, `is_not_action` turns them round."""

    effect: Effect
    actions: tuple[str, ...]
    is_not_action: bool
    resources: tuple[ResourcePattern, ...]
    conditions: tuple[Condition, ...] = ()
    principals: frozenset[str] | None = None
    """Whom it means, where it hangs on a key or a role; a caller's mean whoever has them."""

    def is_for(self, names: frozenset[str]) -> bool:
        return self.principals is None or not self.principals.isdisjoint(names)

    def applies(self, action: str, resource: str, facts: RequestFacts) -> bool:
        named = any(matches(pattern, action.lower()) for pattern in self.actions)
        return (
            named is not self.is_not_action
            and any(pattern.covers(resource) for pattern in self.resources)
            and all(condition.holds(facts) for condition in self.conditions)
        )
