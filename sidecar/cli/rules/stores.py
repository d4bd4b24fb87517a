# SPDX-License-Identifier: Apache-2.0
"""Whether stores can do what rules ask of them: their kinds know it, and the language does not."""

from sidecar.backends import BACKENDS
from sidecar.rules import RuleSet


def checked(rule_set: RuleSet) -> RuleSet:
    """`rule_set`; Misconfigured where the proxy would not take it for one of its stores."""
    for rule in rule_set.rules:
        BACKENDS[rule.store.kind].bind(rule)
    return rule_set
