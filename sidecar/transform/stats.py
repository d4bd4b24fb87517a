# SPDX-License-Identifier: Apache-2.0
"""What the transform counts: plain attributes that telemetry reads, by names from the rules."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class TransformStats:
    """Since start, of one process. Keys are names of rules, fields and refusal codes, no more."""

    sealed: Counter[str] = field(default_factory=Counter)
    """Values sealed, by rule."""
    opened: Counter[str] = field(default_factory=Counter)
    """Values opened, by rule."""
    masked: Counter[str] = field(default_factory=Counter)
    """Of those opened, values that the caller saw masked, by rule."""
    unsealed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Values that a store held in clear at a protected place, by rule and field, in every phase."""
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Local answers, by rule (empty where none was found) and code."""
    would_seal: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Values that a rule in the phase `monitor` would have sealed, by rule and field."""
    would_open: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Sealed values that such a rule let through as they are, by rule and field."""
    would_refuse: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Messages that a rule in the phase `monitor` would have refused, by rule and code."""
