# SPDX-License-Identifier: Apache-2.0
"""How much an account may have, and how often it may ask.

Quotas count what is in the store, over all replicas, for an account in one region. Rates count the
calls of an account within a second; each replica counts those that come to it.
"""

from dataclasses import dataclass
from enum import StrEnum

from sidecar.kms.faults import Fault


@dataclass(frozen=True, slots=True)
class Quotas:
    """How many CMKs, aliases, key versions and certificates an account may have in a region.

    The vendor's, but for certificates, of which it tells none. `versions_per_key` is for versions
    that are asked for: rotation by itself goes on until the account has all that it may have.
    """

    keys: int = 200
    aliases: int = 300
    versions: int = 10_000
    versions_per_key: int = 50
    certificates: int = 200


class Rate(StrEnum):
    """Which calls are counted together, as the vendor does."""

    SYMMETRIC = "symmetric"
    ASYMMETRIC = "asymmetric"
    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class Rates:
    """Calls a second of an account, by kind; None is without limit."""

    symmetric: int | None = None
    asymmetric: int | None = None
    read: int | None = None
    write: int | None = None

    def of(self, rate: Rate) -> int | None:
        limit: int | None = getattr(self, rate)
        return limit


class Throttle:
    """Counts calls by account and kind; it remembers one second of each."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, Rate], tuple[int, int]] = {}

    def admit(self, account: str, rate: Rate, limit: int | None, now: int) -> None:
        """Count a call in second `now`; raise Fault where it is one too many."""
        if limit is None:
            return
        second, count = self._counts.get((account, rate), (now, 0))
        if second != now:
            count = 0
        if count >= limit:
            raise Fault.throttled()
        self._counts[account, rate] = (now, count + 1)
