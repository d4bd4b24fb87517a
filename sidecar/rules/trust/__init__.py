# SPDX-License-Identifier: Apache-2.0
"""Signed sets of rules: who may say what is protected, and no going back to what held before.

A signature is detached, one file beside the rules, and names every file of the set by its hash and
the whole by a version (`manifest`). Where a trust key is configured, a set that is unsigned,
altered or older than one that held is rejected, at start and at every reload (`source`); the
highest version that held is kept in a file (`accepted`).
"""

from sidecar.rules.trust.keys import generate_key, read_signing_key, read_trust_keys
from sidecar.rules.trust.manifest import describe, parse_signature, sign
from sidecar.rules.trust.source import Offered, RuleSource, Trust, signature_path
from sidecar.rules.trust.verification import verify

__all__ = [
    "Offered",
    "RuleSource",
    "Trust",
    "describe",
    "generate_key",
    "parse_signature",
    "read_signing_key",
    "read_trust_keys",
    "sign",
    "signature_path",
    "verify",
]
