# SPDX-License-Identifier: Apache-2.0
"""What a role's trust policy comes to for those whom providers vouch for.

A provider vouches for everybody whom its issuer knows; which of them is meant, conditions on
`oidc:sub` say. The vendor asks for none, so a policy may forget them, and who forgets them lets in
every workload of a cluster. `open_providers` finds that out by asking for strangers, whom no author
can have meant.
"""

from sidecar.kms.policy.evaluation import Policy
from sidecar.kms.policy.facts import OIDC_SUBJECT, RequestFacts
from sidecar.kms.policy.statement import Statement

_NOBODY = "\ue000"  # for private use, which no token that is believed has
STRANGERS = tuple(
    RequestFacts("", 0, secure_transport=False, kms={OIDC_SUBJECT: subject})
    for subject in (_NOBODY, f"system:serviceaccount:{_NOBODY}:{_NOBODY}")
)
"""Somebody, and a pod of Kubernetes: a pattern that lets in one of them names nobody."""


def providers_of(trust: Policy) -> frozenset[str]:
    """The ARNs of all providers that a trust policy names."""
    named = (statement.principals or frozenset() for statement in trust.statements)
    return frozenset(one for some in named for one in some if ":oidc-provider/" in one)


def open_providers(trust: Policy) -> list[str]:
    """The ARNs of those whose every token is let in, as far as `oidc:sub` goes."""
    return sorted(
        provider
        for provider in providers_of(trust)
        if any(_lets_in(trust, provider, stranger) for stranger in STRANGERS)
    )


def _lets_in(trust: Policy, provider: str, stranger: RequestFacts) -> bool:
    about = [one for one in trust.statements if one.is_for(frozenset((provider,)))]
    return any(one.effect == "Allow" and _may_hold(one, stranger) for one in about) and not any(
        one.effect == "Deny" and _holds_always(one, stranger) for one in about
    )


def _may_hold(statement: Statement, stranger: RequestFacts) -> bool:
    """Whether nothing but conditions on other things could keep the stranger out."""
    return all(one.holds(stranger) for one in statement.conditions if one.key == OIDC_SUBJECT)


def _holds_always(statement: Statement, stranger: RequestFacts) -> bool:
    return all(one.key == OIDC_SUBJECT and one.holds(stranger) for one in statement.conditions)
