# SPDX-License-Identifier: Apache-2.0
"""How long one key serves: when its successor is due, when its limit comes, when its grace ends.

    0 ──────────── refresh_at ───── expires_at ──────────────── ends_at
      SERVE          SERVE, and       KMS away: GRACE             OVER
                     a successor      KMS said no: OVER
                     is fetched       not asked yet: WAIT

Only absence earns grace, and a KMS that was asked in time and has not answered is absent. When the
KMS answers and says no (the CMK is disabled, permission is gone), the key serves out its ordinary
limit and not a second more.
"""

from enum import Enum, auto

from sidecar.errors import CannotOpen, SidecarError
from sidecar.keys.limits import KeyLimits
from sidecar.keys.providers import KeyDenied


class Verdict(Enum):
    """What a key that is no longer fresh may still do; the picture above draws the four."""

    SERVE = auto()
    GRACE = auto()
    WAIT = auto()
    OVER = auto()


class Tenure:
    """The times of one key, on the keyring's clock, and how its renewal is going."""

    __slots__ = (
        "_failures",
        "_is_asked",
        "_limits",
        "_retry_at",
        "ends_at",
        "expires_at",
        "is_denied",
        "refresh_at",
    )

    def __init__(
        self, limits: KeyLimits, now: float, age: float, grace: float, fraction: float
    ) -> None:
        self._limits = limits
        self.refresh_at = now + age * fraction
        self.expires_at = now + age
        self.ends_at = now + age + grace
        self._failures = 0
        self._retry_at = self.refresh_at
        self._is_asked = False
        self.is_denied = False

    def verdict(self, now: float, *, is_spent: bool = False) -> Verdict:
        """What the key may do at `now`; `is_spent` says that a usage limit has come."""
        if now >= self.ends_at:
            return Verdict.OVER
        if now < self.expires_at and not is_spent:
            return Verdict.SERVE
        if self.is_denied:
            return Verdict.OVER
        return Verdict.GRACE if self._is_asked or self._failures else Verdict.WAIT

    @property
    def has_failed(self) -> bool:
        """Whether a renewal was tried and did not succeed."""
        return self._failures > 0

    def is_due(self, now: float) -> bool:
        """Whether the KMS should be asked (again) for a successor."""
        return not self._failures or now >= self._retry_at

    def renewal_asked(self) -> None:
        """Note that the KMS is being asked, while the key may still serve."""
        self._is_asked = True

    def renewal_failed(self, now: float, error: SidecarError, jitter: float) -> None:
        """Remember why, and ask again after a doubling, jittered pause (`jitter` in [0, 1))."""
        limits = self._limits
        pause = min(limits.retry_most, limits.retry_first * 2 ** min(self._failures, 16))
        self._failures += 1
        self._retry_at = now + pause * (0.5 + jitter / 2)
        # For good: an outage after a denial must not win back what was taken away.
        self.is_denied |= isinstance(error, KeyDenied | CannotOpen)
