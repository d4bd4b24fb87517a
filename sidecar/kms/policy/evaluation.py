# SPDX-License-Identifier: Apache-2.0
"""The decision: an explicit Deny beats every Allow, and what nobody allows is denied.

A call may be about several resources (an alias and its key): each of them must be allowed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from sidecar.kms.policy.facts import RequestFacts
from sidecar.kms.policy.grammar import read_statements
from sidecar.kms.policy.statement import Statement


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy document, understood whole."""

    statements: tuple[Statement, ...]

    @classmethod
    def parse(cls, document: object) -> Self:
        """Read a document (mappings, lists, texts); raise BadPolicy, which names the place."""
        return cls(read_statements(document))


class Denial(StrEnum):
    """Why not, in the spelling of `AccessDeniedDetail.NoPermissionType`."""

    EXPLICIT = "ExplicitDeny"
    IMPLICIT = "ImplicitDeny"


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed where `denial` is None; otherwise `resource` is the one that was refused."""

    denial: Denial | None = None
    resource: str = ""

    @property
    def is_allowed(self) -> bool:
        return self.denial is None


def decide(
    policies: Iterable[Policy], action: str, resources: Sequence[str], facts: RequestFacts
) -> Decision:
    """Whether `policies` allow `action` (`kms:Decrypt`) on every one of `resources` (ARNs).

    A call about no resource is denied: there is nothing that a policy could have allowed.
    """
    statements = [statement for policy in policies for statement in policy.statements]
    if not resources:
        return Decision(Denial.IMPLICIT)
    refused = None
    for resource in resources:
        effects = {s.effect for s in statements if s.applies(action, resource, facts)}
        if "Deny" in effects:
            return Decision(Denial.EXPLICIT, resource)
        if "Allow" not in effects and refused is None:
            refused = Decision(Denial.IMPLICIT, resource)
    return refused or Decision()
