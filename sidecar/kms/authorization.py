# SPDX-License-Identifier: Apache-2.0
"""May they: a caller's policies, asked about everything that the call is about."""

from sidecar.kms.accounts import Caller
from sidecar.kms.api.action import Target
from sidecar.kms.faults import Fault
from sidecar.kms.policy import Decision, RequestFacts, decide


def authorize(caller: Caller, right: str, target: Target, facts: RequestFacts) -> None:
    """Return where the caller may do `right` (`kms:Decrypt`) on all of `target`; raise Fault."""
    decision = decide(caller.user.policies, right, target.resources, facts)
    if not decision.is_allowed:
        raise Fault.no_permission(decision.resource, _detail(caller, right, decision))


def _detail(caller: Caller, right: str, decision: Decision) -> dict[str, str]:
    """RAM's AccessDeniedDetail."""
    return {
        "AuthAction": right,
        "AuthPrincipalDisplayName": caller.user.name,
        "AuthPrincipalOwnerId": caller.account.id,
        "AuthPrincipalType": "SubUser",
        "NoPermissionType": str(decision.denial),
        "PolicyType": "AccountLevelIdentityBasedPolicy",
    }
