# SPDX-License-Identifier: Apache-2.0
"""May they: a caller's policies, asked about everything that the call is about."""

from sidecar.kms.accounts import Caller
from sidecar.kms.api.action import Action, Target
from sidecar.kms.faults import Fault
from sidecar.kms.policy import Decision, RequestFacts, decide


def authorize(caller: Caller, action: Action, target: Target, facts: RequestFacts) -> None:
    """Return where the caller may do `action` on the whole of `target`; raise Fault."""
    decision = decide(caller.user.policies, f"kms:{action.name}", target.resources, facts)
    if not decision.is_allowed:
        raise Fault.no_permission(decision.resource, _detail(caller, action, decision))


def _detail(caller: Caller, action: Action, decision: Decision) -> dict[str, str]:
    """RAM's AccessDeniedDetail."""
    return {
        "AuthAction": f"kms:{action.name}",
        "AuthPrincipalDisplayName": caller.user.name,
        "AuthPrincipalOwnerId": caller.account.id,
        "AuthPrincipalType": "SubUser",
        "NoPermissionType": str(decision.denial),
        "PolicyType": "AccountLevelIdentityBasedPolicy",
    }
