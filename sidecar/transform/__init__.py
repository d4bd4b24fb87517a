# SPDX-License-Identifier: Apache-2.0
"""The middle: which messages are held, what is sealed and opened in them, what is refused."""

from sidecar.transform.stats import TransformStats
from sidecar.transform.transform import BODY_LIMIT, Transform
from sidecar.transform.verdicts import PASS, Claim, Hold, Later, Opened, RuledHold, Sealed

__all__ = [
    "BODY_LIMIT",
    "PASS",
    "Claim",
    "Hold",
    "Later",
    "Opened",
    "RuledHold",
    "Sealed",
    "Transform",
    "TransformStats",
]
