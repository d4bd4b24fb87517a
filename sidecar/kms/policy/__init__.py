# SPDX-License-Identifier: Apache-2.0
"""Who may do what: RAM policies, read strictly and decided without a clock or a socket."""

from sidecar.kms.policy.evaluation import Decision, Denial, Policy, decide
from sidecar.kms.policy.facts import ENCRYPTION_ALGORITHM, RequestFacts
from sidecar.kms.policy.grammar import BadPolicy
from sidecar.kms.policy.system import SYSTEM_POLICIES

__all__ = [
    "ENCRYPTION_ALGORITHM",
    "SYSTEM_POLICIES",
    "BadPolicy",
    "Decision",
    "Denial",
    "Policy",
    "RequestFacts",
    "decide",
]
