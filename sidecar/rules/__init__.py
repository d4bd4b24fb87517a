# SPDX-License-Identifier: Apache-2.0
"""Rules: which fields of which store are sealed, under which key. LANGUAGE.md is their language."""

from sidecar.rules.clearance import CertificateNames, ClaimHolds, Condition, HeaderIs, VerifyingKey
from sidecar.rules.compiler import Match, Plan, compile_rules
from sidecar.rules.difference import CHANGES, Change, Effect, compare
from sidecar.rules.explanation import explain, explain_binding, explain_condition, explain_field
from sidecar.rules.faults import Faults
from sidecar.rules.fields import (
    DETERMINISTIC,
    IN_TARGET,
    Documents,
    Field,
    Mask,
    Mode,
    Place,
    Requirement,
)
from sidecar.rules.files import RuleFile, read_files
from sidecar.rules.hosts import read_authority, spell_authority
from sidecar.rules.linter import Advice, lint
from sidecar.rules.model import Rule, RuleSet, Store
from sidecar.rules.phase import Phase
from sidecar.rules.reader import parse_rules, read_rules
from sidecar.rules.routes import Route
from sidecar.rules.target import read_target
from sidecar.rules.trust import Offered, RuleSource, Trust

__all__ = [
    "CHANGES",
    "DETERMINISTIC",
    "IN_TARGET",
    "Advice",
    "CertificateNames",
    "Change",
    "ClaimHolds",
    "Condition",
    "Documents",
    "Effect",
    "Faults",
    "Field",
    "HeaderIs",
    "Mask",
    "Match",
    "Mode",
    "Offered",
    "Phase",
    "Place",
    "Plan",
    "Requirement",
    "Route",
    "Rule",
    "RuleFile",
    "RuleSet",
    "RuleSource",
    "Store",
    "Trust",
    "VerifyingKey",
    "compare",
    "compile_rules",
    "explain",
    "explain_binding",
    "explain_condition",
    "explain_field",
    "lint",
    "parse_rules",
    "read_authority",
    "read_files",
    "read_rules",
    "read_target",
    "spell_authority",
]
