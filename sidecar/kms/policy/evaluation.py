# SPDX-License-Identifier: Apache-2.0
"""The decision: an explicit Deny beats every Allow, and what nobody allows is denied.

    Deny anywhere                                         → no
    the caller's policies or the key's own, same account  → yes, where the session allows it too
    the caller's policies and the key's own, a foreign one → yes, where the session allows it too

A call may be about several resources (an alias and its key): each of them must be allowed. Every
decision names the statement that made it, so that it can be explained.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Self

from sidecar.kms.policy.facts import RequestFacts
from sidecar.kms.policy.grammar import BadPolicy, Kind, read_json, read_statements
from sidecar.kms.policy.statement import RESOURCE_PARTS, Effect, ResourcePattern, Statement

UNREADABLE = Statement(
    effect="Deny",
    actions=("kms:getkeypolicy", "kms:setkeypolicy"),
    is_not_action=True,
    resources=(ResourcePattern(("*",) * RESOURCE_PARTS),),
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy document, understood whole; `name` says whose statement it was that decided."""

    statements: tuple[Statement, ...]
    name: str = ""

    @classmethod
    def parse(cls, document: object, name: str = "", kind: Kind = Kind.IDENTITY) -> Self:
        """Read a document (mappings, lists, texts); raise BadPolicy, which names the place."""
        return cls(read_statements(document, kind), name)

    @classmethod
    def read(cls, text: str, name: str = "", kind: Kind = Kind.IDENTITY) -> Self:
        """The same for a document in JSON."""
        return cls.parse(read_json(text), name, kind)

    @classmethod
    def kept(cls, text: str, name: str, kind: Kind = Kind.IDENTITY) -> Self:
        """A document that was read when it was stored.

        One that this version reads no more denies everything but being replaced, and that is told.
        """
        try:
            return cls.read(text, name, kind)
        except BadPolicy as error:
            logger.error("the policy %s denies everything, for %s", name, error.why)  # noqa: TRY400 - a sentence
            return cls((UNREADABLE,), name)


class Finding(NamedTuple):
    """What policies say about one action on one resource, and the statement (from 1) that does."""

    effect: Effect | None = None
    policy: str = ""
    statement: int = 0


class KeyPolicy(NamedTuple):
    """The policy that hangs on a key, as it counts for one caller.

    `names` are all by which a statement may mean the caller. The key's own account as a whole
    (`own_account`, its names) is nobody in particular: an Allow for it leaves the matter to RAM,
    as the default policy of a key does.
    """

    resource: str
    """The ARN of the key."""
    policy: Policy | None
    names: frozenset[str]
    own_account: frozenset[str]
    is_foreign: bool


class Denial(StrEnum):
    """Why not, in the spelling of `AccessDeniedDetail.NoPermissionType`."""

    EXPLICIT = "ExplicitDeny"
    IMPLICIT = "ImplicitDeny"


class Source(StrEnum):
    """What a policy hangs on, in the spelling of `AccessDeniedDetail.PolicyType`.

    RAM's reference (DecodeDiagnosticMessage) has these but the second, which is what references of
    services call the policies of their resources.
    """

    IDENTITY = "AccountLevelIdentityBasedPolicy"
    KEY = "ResourceBasedPolicy"
    SESSION = "SessionPolicy"
    TRUST = "AssumeRolePolicy"


@dataclass(frozen=True, slots=True)
class Decision:
    """Allowed where `denial` is None; otherwise `resource` is the one that was refused.

    `by` are the statements that decided: none where nothing was said. `source` is whose Deny it
    was, or whose Allow was missing; the caller's own policies come first.
    """

    denial: Denial | None = None
    resource: str = ""
    by: tuple[Finding, ...] = ()
    source: Source = Source.IDENTITY

    @property
    def is_allowed(self) -> bool:
        return self.denial is None


def decide(  # noqa: PLR0913 - each has its own say
    policies: Iterable[Policy],
    action: str,
    resources: Sequence[str],
    facts: RequestFacts,
    *,
    session: Policy | None = None,
    keys: Iterable[KeyPolicy] = (),
) -> Decision:
    """Whether `policies` allow `action` (`kms:Decrypt`) on every one of `resources` (ARNs).

    A `session` policy narrows them, and `keys` have policies of their own. A call about no resource
    is denied: there is nothing that a policy could have allowed.
    """
    policies, of_key = tuple(policies), {key.resource: key for key in keys}
    decisions = [
        _about(resource, policies, action, facts, session, of_key.get(resource))
        for resource in resources
    ] or [Decision(Denial.IMPLICIT)]
    for denial in (Denial.EXPLICIT, Denial.IMPLICIT):
        for decision in decisions:
            if decision.denial is denial:
                return decision
    return Decision(by=tuple(finding for decision in decisions for finding in decision.by))


def _about(  # noqa: PLR0913, PLR0917 - as above
    resource: str,
    policies: Sequence[Policy],
    action: str,
    facts: RequestFacts,
    session: Policy | None,
    key: KeyPolicy | None,
) -> Decision:
    findings = {Source.IDENTITY: weigh(policies, action, resource, facts)}
    if key is not None:
        findings[Source.KEY] = _of_key(key, action, facts)
    if session is not None:
        findings[Source.SESSION] = weigh((session,), action, resource, facts)
    for source, finding in findings.items():
        if finding.effect == "Deny":
            return Decision(Denial.EXPLICIT, resource, (finding,), source)
    said = tuple(one for one in findings.values() if one.effect is not None)
    missing = _find_missing(findings, is_foreign=key is not None and key.is_foreign)
    if missing is not None:
        return Decision(Denial.IMPLICIT, resource, said, missing)
    return Decision(by=said)


def _find_missing(findings: Mapping[Source, Finding], *, is_foreign: bool) -> Source | None:
    """Whose Allow it takes and there is not, where nobody denies."""
    allowed = {source for source, finding in findings.items() if finding.effect == "Allow"}
    if Source.IDENTITY not in allowed and (is_foreign or Source.KEY not in allowed):
        return Source.IDENTITY
    if is_foreign and Source.KEY not in allowed:
        return Source.KEY
    if Source.SESSION in findings and Source.SESSION not in allowed:
        return Source.SESSION
    return None


def weigh(
    policies: Iterable[Policy],
    action: str,
    resource: str,
    facts: RequestFacts,
    names: frozenset[str] = frozenset(),
) -> Finding:
    """What the policies say together: the first Deny, else the first Allow.

    Of policies that have principals those statements count that mean one of `names`.
    """
    allowed = Finding()
    for policy in policies:
        for number, statement in enumerate(policy.statements, 1):
            if statement.is_for(names) and statement.applies(action, resource, facts):
                finding = Finding(statement.effect, policy.name, number)
                if statement.effect == "Deny":
                    return finding
                allowed = allowed if allowed.effect else finding
    return allowed


def _of_key(key: KeyPolicy, action: str, facts: RequestFacts) -> Finding:
    if key.policy is None:
        return Finding()
    said = weigh((key.policy,), action, key.resource, facts, key.names)
    if said.effect == "Allow" and not key.is_foreign:
        in_particular = key.names - key.own_account
        return weigh((key.policy,), action, key.resource, facts, in_particular)
    return said
