# SPDX-License-Identifier: Apache-2.0
"""Rules: which fields of which store are sealed, under which key. LANGUAGE.md is their language."""

from sidecar.rules.compiler import Match, Plan, compile_rules
from sidecar.rules.model import (
    DETERMINISTIC,
    Documents,
    Field,
    Mode,
    Phase,
    Requirement,
    Rule,
    RuleSet,
    Store,
)
from sidecar.rules.routes import Route

__all__ = [
    "DETERMINISTIC",
    "Documents",
    "Field",
    "Match",
    "Mode",
    "Phase",
    "Plan",
    "Requirement",
    "Route",
    "Rule",
    "RuleSet",
    "Store",
    "compile_rules",
]
