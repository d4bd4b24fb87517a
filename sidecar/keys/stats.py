# SPDX-License-Identifier: Apache-2.0
"""What the keyring counts: plain attributes that telemetry reads."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class KeyStats:
    """Counters since start; nothing here names a tenant or holds a value."""

    sealing_hits: int = 0
    sealing_misses: int = 0
    opening_hits: int = 0
    opening_misses: int = 0
    negative_hits: int = 0
    implausible: int = 0
    """EDKs refused by their shape alone, before any KMS call."""
    refused_by_cmk: int = 0
    """EDKs that the KMS opened under a CMK that the rule does not name (law 2)."""
    overloaded: int = 0
    """EDKs turned away because too many of the same tenant were already waiting."""
    grace_sealing: int = 0
    """Sealing keys handed out beyond their limits because the KMS was away."""
    grace_opening: int = 0
    evictions: int = 0
    flights: int = 0
    flights_shared: int = 0
    """Callers that joined a flight already under way."""
    flights_failed: int = 0
    kms_calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By action and outcome: `ok`, `cannot_open`, `denied`, `unavailable` or `failed`."""
