# SPDX-License-Identifier: Apache-2.0
"""Who may do what: RAM policies, read strictly and decided without a clock or a socket."""

from sidecar.kms.policy.evaluation import (
    Decision,
    Denial,
    Finding,
    KeyPolicy,
    Policy,
    Source,
    decide,
    weigh,
)
from sidecar.kms.policy.facts import (
    ENCRYPTION_ALGORITHM,
    EXTERNAL_ID,
    OIDC_AUDIENCE,
    OIDC_ISSUER,
    OIDC_SUBJECT,
    TAG_PREFIX,
    RequestFacts,
)
from sidecar.kms.policy.grammar import BadPolicy, Kind
from sidecar.kms.policy.system import SYSTEM_DOCUMENTS, SYSTEM_POLICIES
from sidecar.kms.policy.trust import open_providers, providers_of

__all__ = [
    "ENCRYPTION_ALGORITHM",
    "EXTERNAL_ID",
    "OIDC_AUDIENCE",
    "OIDC_ISSUER",
    "OIDC_SUBJECT",
    "SYSTEM_DOCUMENTS",
    "SYSTEM_POLICIES",
    "TAG_PREFIX",
    "BadPolicy",
    "Decision",
    "Denial",
    "Finding",
    "KeyPolicy",
    "Kind",
    "Policy",
    "RequestFacts",
    "Source",
    "decide",
    "open_providers",
    "providers_of",
    "weigh",
]
