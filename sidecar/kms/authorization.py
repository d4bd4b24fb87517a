# SPDX-License-Identifier: Apache-2.0
"""May they: a caller's policies, asked about everything that the call is about."""

from sidecar.kms.api.action import Target
from sidecar.kms.faults import Fault
from sidecar.kms.policy import Decision, KeyPolicy, RequestFacts, decide
from sidecar.kms.ram.caller import Caller
from sidecar.kms.service.key_policy import parse_key_policy
from sidecar.kms.service.names import Place
from sidecar.kms.store import Cmk


def authorize(caller: Caller, right: str, target: Target, facts: RequestFacts) -> None:
    """Return where the caller may do `right` (`kms:Decrypt`) on all of `target`; raise Fault."""
    decision = decide_for(caller, right, target, facts)
    if not decision.is_allowed:
        detail = {
            "AuthAction": right,
            **caller.principal(),
            "NoPermissionType": str(decision.denial),
            "PolicyType": decision.source,
        }
        raise Fault.no_permission(decision.resource, detail)


def decide_for(caller: Caller, right: str, target: Target, facts: RequestFacts) -> Decision:
    """What all policies that have a say make of it."""
    return decide(
        caller.policies,
        right,
        target.resources,
        facts,
        session=caller.session.policy if caller.session else None,
        keys=[_key_policy(caller, target.cmk)] if target.cmk else [],
    )


def _key_policy(caller: Caller, cmk: Cmk) -> KeyPolicy:
    resource = Place(cmk.region, cmk.account).key(cmk.key_id)
    return caller.key_policy(
        resource, cmk.account, parse_key_policy(cmk.policy) if cmk.policy else None
    )
